/**
 * From a parsed value to a Template, or the ValidationError that CloudFormation answers. Pure; knows the resource types
 * only as a table of names and attributes. One file: each section's reader stands beside what is checked across sections.
 */
import {
  invalid,
  isObject,
  type JsonObject,
  type OutputDefinition,
  type ParameterDefinition,
  type ResourceDefinition,
  type Template,
} from './model.ts';
import { type Reference, referencesOf } from './references.ts';

export interface KnownType {
  /** what Fn::GetAtt may name */
  attributes: readonly string[];
  /** DeletionPolicy Snapshot is allowed for a few types only. */
  snapshot?: boolean;
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];
const RESOURCE_ATTRIBUTES = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
];
const PARAMETER_ATTRIBUTES = [
  'Type',
  'Default',
  'Description',
  'NoEcho',
  'AllowedValues',
  'AllowedPattern',
  'ConstraintDescription',
  'MinLength',
  'MaxLength',
  'MinValue',
  'MaxValue',
];
const PARAMETER_TYPES =
  /^(String|Number|List<Number>|List<String>|CommaDelimitedList|AWS::SSM::Parameter::Name|AWS::SSM::Parameter::Value<(String|List<String>|CommaDelimitedList)>)$/;
const PSEUDO = [
  'AWS::AccountId',
  'AWS::NotificationARNs',
  'AWS::NoValue',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
];

export function validateTemplate(value: JsonObject, types: ReadonlyMap<string, KnownType>): Template {
  if (value['Transform'] !== undefined) {
    const name = [value['Transform']].flat().map((item) => (isObject(item) ? item['Name'] : item))[0];
    throw invalid(`No transform named ${String(name)} found.`);
  }
  for (const section of ['Rules', 'Hooks'])
    if (value[section] !== undefined)
      throw invalid(`Template format error: The sandbox does not carry the section ${section}.`);
  const unknown = Object.keys(value).filter((name) => !SECTIONS.includes(name));
  if (unknown.length > 0) throw invalid(`Invalid template property or properties [${unknown.join(', ')}]`);
  const version = value['AWSTemplateFormatVersion'];
  if (version !== undefined && version !== '2010-09-09')
    throw invalid(`Template format error: [/AWSTemplateFormatVersion] ${String(version)} is not a supported version.`);
  const description = value['Description'];
  if (description !== undefined && (typeof description !== 'string' || Buffer.byteLength(description) > 1024))
    throw invalid(
      typeof description === 'string'
        ? "Template format error: 'Description' length is greater than 1024."
        : 'Template format error: Every Description member must be a string.',
    );
  const template: Template = {
    description,
    metadata: value['Metadata'],
    parameters: mapSection(value, 'Parameters', readParameter),
    mappings: mapSection(value, 'Mappings', readMapping),
    conditions: mapSection(value, 'Conditions', (definition, name) => {
      if (!isObject(definition))
        throw invalid(
          `Template format error: Conditions can only be boolean operations on parameters and other conditions (${name}).`,
        );
      return definition;
    }),
    resources: mapSection(value, 'Resources', readResource),
    outputs: mapSection(value, 'Outputs', readOutput),
  };
  if (Object.keys(template.resources).length === 0)
    throw invalid('Template format error: At least one Resources member must be defined.');
  if (Object.keys(template.resources).length > 500)
    throw invalid(
      `Template format error: Number of resources, ${Object.keys(template.resources).length}, is greater than maximum allowed, 500`,
    );
  checkTypes(template, types);
  checkReferences(template, types);
  checkCycles(template);
  return template;
}

function mapSection<T>(
  value: JsonObject,
  section: string,
  read: (definition: unknown, name: string) => T,
): Record<string, T> {
  const found = value[section];
  if (found === undefined || found === null) {
    if (found === null)
      throw invalid(`Template format error: [/${section}] 'null' values are not allowed in templates`);
    return {};
  }
  if (!isObject(found)) throw invalid(`Template format error: ${section} section must be an object.`);
  const result: Record<string, T> = {};
  for (const [name, definition] of Object.entries(found)) {
    if (section !== 'Metadata' && section !== 'Mappings' && !/^[A-Za-z0-9]+$/.test(name))
      throw invalid(
        section === 'Resources'
          ? `Template format error: Resource name ${name} is non alphanumeric.`
          : `Template format error: ${section.slice(0, -1)} name ${name} is non alphanumeric.`,
      );
    result[name] = read(definition, name);
  }
  return result;
}

function readParameter(definition: unknown, name: string): ParameterDefinition {
  if (!isObject(definition))
    throw invalid(`Template format error: Every Parameters member must be an object (${name}).`);
  const unknown = Object.keys(definition).find((key) => !PARAMETER_ATTRIBUTES.includes(key));
  if (unknown) throw invalid(`Invalid template parameter property '${unknown}'`);
  const type = definition['Type'];
  if (type === undefined) throw invalid('Template format error: Every Parameters object must contain a Type member.');
  if (typeof type !== 'string' || !PARAMETER_TYPES.test(type))
    throw invalid(`Template format error: Unrecognized parameter type: ${String(type)}`);
  const result: ParameterDefinition = { Type: type };
  for (const key of ['Default', 'Description', 'AllowedPattern', 'ConstraintDescription'] as const) {
    const item = definition[key];
    if (item === undefined) continue;
    if (isObject(item) || Array.isArray(item) || item === null)
      throw invalid(`Template format error: Every ${key} member must be a string.`);
    result[key] = String(item);
  }
  for (const key of ['MinLength', 'MaxLength', 'MinValue', 'MaxValue'] as const)
    if (definition[key] !== undefined) result[key] = Number(definition[key]);
  if (definition['NoEcho'] !== undefined) result.NoEcho = String(definition['NoEcho']) === 'true';
  const allowed = definition['AllowedValues'];
  if (allowed !== undefined) {
    if (!Array.isArray(allowed)) throw invalid('Template format error: Every AllowedValues member must be a list.');
    result.AllowedValues = allowed.map(String);
  }
  return result;
}

function readMapping(definition: unknown, name: string): Record<string, JsonObject> {
  if (!isObject(definition) || !Object.values(definition).every(isObject))
    throw invalid(`Template format error: Every Mappings attribute must be a String or a List. (${name})`);
  return definition as Record<string, JsonObject>;
}

function readResource(definition: unknown, name: string): ResourceDefinition {
  if (definition === null) checkNulls(definition, `/Resources/${name}`);
  if (!isObject(definition))
    throw invalid(`Template format error: [/Resources/${name}] Every Resources member must be an object.`);
  for (const [key, value] of Object.entries(definition))
    if (value === null && key !== 'Metadata') checkNulls(value, `/Resources/${name}/${key}`);
  const type = definition['Type'];
  if (typeof type !== 'string')
    throw invalid(`Template format error: [/Resources/${name}] Every Resources object must contain a Type member.`);
  const unknown = Object.keys(definition).find((key) => !RESOURCE_ATTRIBUTES.includes(key));
  if (unknown) throw invalid(`Invalid template resource property '${unknown}'`);
  const properties = definition['Properties'] ?? {};
  if (!isObject(properties))
    throw invalid(`Template format error: [/Resources/${name}/Properties] Properties must be an object.`);
  checkNulls(properties, `/Resources/${name}/Properties`);
  const dependsOn = definition['DependsOn'] === undefined ? [] : [definition['DependsOn']].flat();
  if (!dependsOn.every((item) => typeof item === 'string'))
    throw invalid(`Template format error: DependsOn must be a string or list of strings.`);
  const policy = (key: 'DeletionPolicy' | 'UpdateReplacePolicy'): string => {
    const given = definition[key] ?? 'Delete';
    const allowed =
      key === 'DeletionPolicy'
        ? ['Delete', 'Retain', 'Snapshot', 'RetainExceptOnCreate']
        : ['Delete', 'Retain', 'Snapshot'];
    if (typeof given !== 'string' || !allowed.includes(given))
      throw invalid(
        `Template format error: Unrecognized ${key} ${typeof given === 'string' ? given : JSON.stringify(given)} for resource ${name}`,
      );
    return given;
  };
  return {
    Type: type,
    Properties: properties,
    DependsOn: dependsOn as string[],
    ...(definition['Condition'] === undefined ? {} : { Condition: String(definition['Condition']) }),
    DeletionPolicy: policy('DeletionPolicy'),
    UpdateReplacePolicy: policy('UpdateReplacePolicy'),
    ...(definition['Metadata'] === undefined ? {} : { Metadata: definition['Metadata'] }),
  };
}

function checkNulls(value: unknown, path: string): void {
  if (value === null) throw invalid(`Template format error: [${path}] 'null' values are not allowed in templates`);
  if (Array.isArray(value)) for (const [index, item] of value.entries()) checkNulls(item, `${path}/${index}`);
  else if (isObject(value)) for (const [key, item] of Object.entries(value)) checkNulls(item, `${path}/${key}`);
}

function readOutput(definition: unknown, name: string): OutputDefinition {
  if (!isObject(definition))
    throw invalid(`Template format error: Output ${name} is malformed. Every Outputs member must be an object.`);
  const { Value: value, Description: description, Export: exported, Condition: condition, ...rest } = definition;
  if (value === undefined || value === null)
    throw invalid('Template format error: Every Outputs member must contain a Value object');
  const [unknown] = Object.keys(rest);
  if (unknown) throw invalid(`Template format error: Output ${name} is malformed. Unresolved key ${unknown}`);
  if (exported !== undefined && (!isObject(exported) || exported['Name'] === undefined))
    throw invalid(
      `Template format error: Output ${name} is malformed. The Name field of every Export member must be specified.`,
    );
  return {
    Value: value,
    ...(description === undefined ? {} : { Description: String(description) }),
    ...(condition === undefined ? {} : { Condition: String(condition) }),
    ...(isObject(exported) ? { exportName: exported['Name'] } : {}),
  };
}

function checkTypes(template: Template, types: ReadonlyMap<string, KnownType>): void {
  const unknown = [...new Set(Object.values(template.resources).map((resource) => resource.Type))].filter(
    (type) => !types.has(type),
  );
  if (unknown.length > 0) throw invalid(`Template format error: Unrecognized resource types: [${unknown.join(', ')}]`);
  for (const resource of Object.values(template.resources))
    for (const policy of ['DeletionPolicy', 'UpdateReplacePolicy'] as const)
      if (resource[policy] === 'Snapshot' && !types.get(resource.Type)?.snapshot)
        throw invalid(
          `Template error: resource type ${resource.Type} does not support ${policy === 'DeletionPolicy' ? 'deletion' : 'update replace'} policy Snapshot`,
        );
}

function checkReferences(template: Template, types: ReadonlyMap<string, KnownType>): void {
  const conditions = Object.keys(template.conditions);
  for (const [name, definition] of Object.entries(template.conditions))
    for (const reference of referencesOf(definition)) {
      if (reference.kind === 'condition' && !conditions.includes(reference.name))
        throw invalid(
          `Template format error: Unresolved condition dependency ${reference.name} in the Conditions block of the template`,
        );
      if (reference.kind !== 'condition' && !isValueName(reference.name, template))
        throw invalid(
          `Template format error: Unresolved dependencies [${reference.name}]. Cannot reference resources in the Conditions block of the template`,
        );
      if (reference.kind === 'condition') checkConditionCycle(template, name);
    }
  const blocks: ['Resources' | 'Outputs', Record<string, { Condition?: string }>][] = [
    ['Resources', template.resources],
    ['Outputs', template.outputs],
  ];
  for (const [block, members] of blocks) {
    const missing = new Set<string>();
    for (const member of Object.values(members)) {
      if (member.Condition !== undefined && !conditions.includes(member.Condition))
        throw invalid(
          `Template format error: Unresolved condition dependency ${member.Condition} in the ${block} block of the template`,
        );
      const { DependsOn = [], Metadata: _metadata, ...body } = member as Partial<ResourceDefinition>;
      for (const name of DependsOn) if (!template.resources[name]) missing.add(name);
      for (const reference of referencesOf(body)) checkReference(reference, block, template, types, missing);
    }
    if (missing.size > 0)
      throw invalid(
        `Template format error: Unresolved resource dependencies [${[...missing].join(', ')}] in the ${block} block of the template`,
      );
  }
}

function checkReference(
  reference: Reference,
  block: string,
  template: Template,
  types: ReadonlyMap<string, KnownType>,
  missing: Set<string>,
): void {
  const { kind, name, attribute } = reference;
  if (kind === 'condition') {
    // A property may be called Condition too (a policy statement); only Fn::If names one for certain.
    if (!template.conditions[name])
      throw invalid(
        `Template format error: Unresolved condition dependency ${name} in the ${block} block of the template`,
      );
    return;
  }
  if (kind !== 'attribute') {
    if (!isValueName(name, template) && !template.resources[name]) missing.add(name);
    return;
  }
  const resource = template.resources[name];
  if (!resource) throw invalid(`Template error: instance of Fn::GetAtt references undefined resource ${name}`);
  if (attribute && !types.get(resource.Type)?.attributes.includes(attribute))
    throw invalid(`Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`);
}

function isValueName(name: string, template: Template): boolean {
  return PSEUDO.includes(name) || Object.hasOwn(template.parameters, name);
}

function checkConditionCycle(template: Template, start: string): void {
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name))
      throw invalid(`Circular dependency between conditions: [${path.slice(path.indexOf(name)).join(', ')}]`);
    for (const reference of referencesOf(template.conditions[name]))
      if (reference.kind === 'condition') visit(reference.name, [...path, name]);
  };
  visit(start, []);
}

/** Logical ids each resource waits for: DependsOn and everything it refers to. */
export function dependenciesOf(template: Template, logicalId: string, decided?: Record<string, boolean>): string[] {
  const resource = template.resources[logicalId];
  if (!resource) return [];
  const names = referencesOf(resource.Properties, decided)
    .filter((reference) => reference.kind !== 'condition')
    .map((reference) => reference.name);
  return [...new Set([...resource.DependsOn, ...names])].filter(
    (name) => name !== logicalId && Object.hasOwn(template.resources, name),
  );
}

function checkCycles(template: Template): void {
  const names = Object.keys(template.resources);
  const needs = new Map(names.map((name) => [name, dependenciesOf(template, name)]));
  for (const name of names)
    if (
      referencesOf(template.resources[name]?.Properties).some(
        (reference) => reference.name === name && reference.kind !== 'condition',
      )
    )
      throw invalid(`Circular dependency between resources: [${name}]`);
  const left = new Set(names);
  for (let moved = true; moved; ) {
    moved = false;
    for (const name of left)
      if (!(needs.get(name) ?? []).some((other) => left.has(other))) {
        left.delete(name);
        moved = true;
      }
  }
  // What merely waits for the circle is not part of it.
  for (let moved = true; moved; ) {
    moved = false;
    for (const name of left)
      if (![...left].some((other) => other !== name && (needs.get(other) ?? []).includes(name))) {
        left.delete(name);
        moved = true;
      }
  }
  if (left.size > 0) throw invalid(`Circular dependency between resources: [${[...left].join(', ')}]`);
}
