/**
 * Checks a template against AWS's own resource schema, and that everything it refers to exists. For tests only.
 */
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { parse } from 'yaml';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export interface Template {
  Description: string;
  Parameters?: Record<string, { Type: string; Default?: Json }>;
  Resources: Record<string, { Type: string; Properties?: Record<string, Json>; DependsOn?: string | string[] }>;
  Outputs?: Record<string, { Value: Json; Export?: Json }>;
}

/** As much of the schema's own model as is read here. */
type PropertyType =
  | { type: 'string'; allowedValues?: string[] }
  | { type: 'json' | 'integer' | 'number' | 'boolean' | 'tag' | 'date-time' }
  | { type: 'array' | 'map'; element: PropertyType }
  | { type: 'union'; types: PropertyType[] }
  | { type: 'ref'; reference: { $ref: string } };
type Properties = Record<string, { type: PropertyType; required?: boolean }>;
interface Resource {
  properties: Properties;
  attributes: Record<string, unknown>;
  tagInformation?: { tagPropertyName: string };
}
interface SpecDatabase {
  lookup(entity: 'resource', index: 'cloudFormationType', how: 'equals', type: string): readonly Resource[];
  get(entity: 'typeDefinition', id: string): { properties: Properties };
}

const SHORT = ['Ref', 'Sub', 'GetAtt', 'Join', 'Select', 'Split', 'If', 'Equals', 'Not', 'And', 'Or'];
const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A template as CloudFormation reads it: the short forms (`!Ref x`) become the long ones (`{Ref: x}`). */
export function readTemplate(body: string): Template {
  const long = (name: string, value: unknown) =>
    name === 'GetAtt' && typeof value === 'string'
      ? { 'Fn::GetAtt': [value.slice(0, value.indexOf('.')), value.slice(value.indexOf('.') + 1)] }
      : { [name === 'Ref' ? 'Ref' : `Fn::${name}`]: value };
  return parse(body, {
    customTags: SHORT.map((name) => ({ tag: `!${name}`, resolve: (value: string) => long(name, value) })),
  }) as Template;
}

/** The name of the function when the value is one that CloudFormation resolves. */
export function intrinsicOf(value: Json): string | undefined {
  if (!isObject(value)) return undefined;
  const [key, ...more] = Object.keys(value);
  return more.length === 0 && (key === 'Ref' || key?.startsWith('Fn::')) ? key : undefined;
}

/** Every value of a tree with the path that leads to it. */
export function* walk(value: Json, at = ''): Generator<{ at: string; value: Json }> {
  yield { at, value };
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* walk(item, `${at}[${index}]`);
  else if (isObject(value))
    for (const [key, item] of Object.entries(value)) yield* walk(item, at ? `${at}.${key}` : key);
}

const PSEUDO = [
  'AccountId',
  'NotificationARNs',
  'NoValue',
  'Partition',
  'Region',
  'StackId',
  'StackName',
  'URLSuffix',
].map((name) => `AWS::${name}`);

export interface Schema {
  resource(type: string): Resource | undefined;
  /** What is wrong with a value for a property, each fault with its path. */
  faults(type: PropertyType, value: Json, at: string): string[];
}

export async function loadSchema(): Promise<Schema> {
  const db = (await loadAwsServiceSpec()) as unknown as SpecDatabase;

  function properties(known: Properties, value: Json, at: string): string[] {
    if (!isObject(value)) return [`${at} is not an object`];
    const faults = Object.keys(value)
      .filter((key) => !known[key])
      .map((key) => `${at}.${key} does not exist`);
    for (const [key, property] of Object.entries(known)) {
      const given = value[key];
      if (given !== undefined) faults.push(...check(property.type, given, `${at}.${key}`));
      else if (property.required) faults.push(`${at}.${key} is required`);
    }
    return faults;
  }

  function check(type: PropertyType, value: Json, at: string): string[] {
    if (intrinsicOf(value)) return [];
    switch (type.type) {
      case 'json':
        return isObject(value) || typeof value === 'string' ? [] : [`${at} is neither an object nor JSON text`];
      case 'string':
        if (typeof value !== 'string') return [`${at} is not text`];
        return type.allowedValues && !type.allowedValues.includes(value)
          ? [`${at} is "${value}", AWS takes ${type.allowedValues.join(', ')}`]
          : [];
      case 'integer':
      case 'number':
        return typeof value === 'number' ? [] : [`${at} is not a number`];
      case 'boolean':
        return typeof value === 'boolean' ? [] : [`${at} is not true or false`];
      case 'array':
        return Array.isArray(value)
          ? value.flatMap((item, index) => check(type.element, item, `${at}[${index}]`))
          : [`${at} is not a list`];
      case 'map':
        return isObject(value)
          ? Object.entries(value).flatMap(([key, item]) => check(type.element, item, `${at}.${key}`))
          : [`${at} is not a map`];
      case 'tag':
        return isObject(value) && typeof value['Key'] === 'string' ? [] : [`${at} is not a tag`];
      case 'union': {
        const each = type.types.map((member) => check(member, value, at));
        return each.find((faults) => faults.length === 0) ?? each[0] ?? [];
      }
      case 'ref':
        return properties(db.get('typeDefinition', type.reference.$ref).properties, value, at);
      default:
        return [];
    }
  }

  return {
    resource: (type) => db.lookup('resource', 'cloudFormationType', 'equals', type)[0],
    faults: check,
  };
}

/** Everything in a template that AWS's schema does not know, and every reference that leads nowhere. */
export function templateFaults(schema: Schema, template: Template): string[] {
  const faults: string[] = [];
  for (const [id, resource] of Object.entries(template.Resources)) {
    if (!/^[A-Za-z0-9]+$/.test(id)) faults.push(`${id} is no logical id`);
    const known = schema.resource(resource.Type);
    if (!known) {
      faults.push(`${id}: ${resource.Type} does not exist`);
      continue;
    }
    const given = resource.Properties ?? {};
    for (const key of Object.keys(given)) if (!known.properties[key]) faults.push(`${id}.${key} does not exist`);
    for (const [key, property] of Object.entries(known.properties)) {
      const value = given[key];
      if (value !== undefined) faults.push(...schema.faults(property.type, value, `${id}.${key}`));
      // A bus's Name and the like are required; what AWS names by itself is not.
      else if (property.required) faults.push(`${id}.${key} is required`);
    }
    for (const other of [resource.DependsOn ?? []].flat())
      if (!template.Resources[other]) faults.push(`${id} depends on ${other}, which is not there`);
  }

  const exists = (name: string) =>
    PSEUDO.includes(name) || Boolean(template.Parameters?.[name]) || Boolean(template.Resources[name]);
  const attribute = (id: string, name: string, at: string) => {
    const resource = template.Resources[id];
    if (!resource) faults.push(`${at} reads ${id}, which is not there`);
    else if (!schema.resource(resource.Type)?.attributes[name]) faults.push(`${at}: ${resource.Type} has no ${name}`);
  };
  for (const { at, value } of walk({
    Resources: template.Resources,
    Outputs: template.Outputs ?? {},
  } as unknown as Json)) {
    if (!isObject(value)) continue;
    const { Ref, 'Fn::GetAtt': getAtt, 'Fn::Sub': sub } = value;
    if (typeof Ref === 'string' && !exists(Ref)) faults.push(`${at} refers to ${Ref}, which is not there`);
    if (Array.isArray(getAtt)) attribute(String(getAtt[0]), String(getAtt[1]), at);
    if (typeof sub === 'string')
      for (const [, name = ''] of sub.matchAll(/\$\{([^!}][^}]*)\}/g)) {
        if (!name.includes('.')) {
          if (!exists(name)) faults.push(`${at} refers to ${name}, which is not there`);
        } else attribute(name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1), at);
      }
  }
  return faults;
}
