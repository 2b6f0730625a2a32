/** What a template's functions can see: parameters, pseudo parameters, the stack's resources, other stacks' exports. */
import type { Principal } from '../../../identity.ts';
import type { Context } from '../../../service.ts';
import { type OutputRecord, type ResourceRecord, type StackRecord, stacks, type Wish } from '../records.ts';
import { RESOURCE_TYPES } from '../resources/index.ts';
import { conform } from '../resources/shape.ts';
import { tagMap } from '../resources/type.ts';
import { evaluateConditions, resolve, resolveDynamic, type Scope, UNKNOWN } from '../template/functions.ts';
import { invalid, isObject, type JsonObject, type Template } from '../template/model.ts';
import { parameterValues } from '../template/parameters.ts';
import { parseTemplate } from '../template/parse.ts';
import { validateTemplate } from '../template/validate.ts';

/** Stacks are looked at often while they are made: each text is read once. */
const read = new Map<string, Template>();

export function readTemplate(body: string): Template {
  let template = read.get(body);
  if (!template) {
    template = validateTemplate(parseTemplate(body), RESOURCE_TYPES);
    if (read.size > 50) read.clear();
    read.set(body, template);
  }
  return template;
}

export interface Exported {
  Name: string;
  Value: string;
  ExportingStackId: string;
}

/** What stacks of this account and Region export, by name. */
export function exportsOf(context: Context): Map<string, Exported> {
  const found = new Map<string, Exported>();
  for (const stack of stacks(context).values()) {
    if (stack.status === 'DELETE_COMPLETE') continue;
    for (const output of stack.outputs)
      if (output.ExportName !== undefined)
        found.set(output.ExportName, {
          Name: output.ExportName,
          Value: output.OutputValue,
          ExportingStackId: stack.stackId,
        });
  }
  return found;
}

/** A stack that uses an export, which therefore has to stay as it is. */
export function importerOf(context: Context, name: string): StackRecord | undefined {
  return [...stacks(context).values()].find(
    (other) => other.status !== 'DELETE_COMPLETE' && other.imports.includes(name),
  );
}

export interface Seen {
  scope: Scope;
  /** exports that were used */
  imports: Set<string>;
}

export function pseudoParameters(
  context: Context,
  stack: Pick<StackRecord, 'name' | 'stackId'>,
): Record<string, string | string[]> {
  return {
    'AWS::AccountId': context.account,
    'AWS::Region': context.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
    'AWS::StackId': stack.stackId,
    'AWS::NotificationARNs': [],
  };
}

export function makeScope(
  context: Context,
  stack: Pick<StackRecord, 'name' | 'stackId'>,
  template: Template,
  wish: Pick<Wish, 'parameters' | 'stored'>,
  look: Pick<Scope, 'ref' | 'attribute'> & Partial<Pick<Scope, 'importValue'>>,
): Seen {
  const imports = new Set<string>();
  const base = {
    template,
    parameters: parameterValues(template, wish.parameters, wish.stored),
    pseudo: pseudoParameters(context, stack),
    importValue(name: string) {
      const found = exportsOf(context).get(name);
      if (!found || found.ExportingStackId === stack.stackId) throw invalid(`No export named ${name} found.`);
      imports.add(name);
      return found.Value;
    },
    ...look,
  };
  return { scope: { ...base, conditions: evaluateConditions(base) }, imports };
}

/** Ref and Fn::GetAtt from the records of what was made. */
export function lookIn(find: (logicalId: string) => ResourceRecord | undefined): Pick<Scope, 'ref' | 'attribute'> {
  const made = (logicalId: string): ResourceRecord => {
    const record = find(logicalId);
    if (!record?.made)
      throw invalid(
        `Template format error: Unresolved resource dependencies [${logicalId}] in the Resources block of the template`,
      );
    return record;
  };
  return {
    ref: (logicalId) => made(logicalId).physicalId,
    attribute(logicalId, name) {
      const { attributes } = made(logicalId);
      if (!Object.hasOwn(attributes, name)) throw invalid(`Attribute '${name}' does not exist`);
      return attributes[name];
    },
  };
}

/** Logical ids whose condition holds, in the template's order. */
export function activeResources(template: Template, conditions: Record<string, boolean>): string[] {
  return Object.entries(template.resources)
    .filter(([, resource]) => resource.Condition === undefined || conditions[resource.Condition])
    .map(([name]) => name);
}

/**
 * A resource's properties as its provider gets them: functions and dynamic references resolved, the stack's tags added,
 * each value in its type's form. `faults` are what the type has against them.
 */
export async function propertiesOf(
  context: Context,
  template: Template,
  logicalId: string,
  scope: Scope,
  tags: Record<string, string>,
  as: Principal,
): Promise<{ properties: JsonObject; faults: string[] }> {
  const definition = template.resources[logicalId];
  const type = RESOURCE_TYPES.get(definition?.Type ?? '');
  if (!definition || !type) throw invalid(`Template format error: Unrecognized resource types: [${definition?.Type}]`);
  const resolved = await resolveDynamic(resolve(definition.Properties, scope), (service, key) =>
    dynamicReference(context, service, key, as),
  );
  const tagged = isObject(resolved) ? withTags(resolved, type.tags, tags) : {};
  const { value, faults } = conform(tagged, type.properties);
  return { properties: value as JsonObject, faults };
}

function withTags(
  properties: JsonObject,
  rule: { property: string; form: 'list' | 'map' } | undefined,
  tags: Record<string, string>,
): JsonObject {
  if (!rule || Object.keys(tags).length === 0) return properties;
  const own = properties[rule.property];
  if (rule.form === 'map')
    return own === undefined || isObject(own)
      ? { ...properties, [rule.property]: { ...tags, ...(own ?? {}) } }
      : properties;
  if (own !== undefined && !Array.isArray(own)) return properties;
  const taken = tagMap((own ?? []) as { Key: string; Value: string }[]);
  const more = Object.entries(tags).filter(([key]) => !Object.hasOwn(taken, key));
  return { ...properties, [rule.property]: [...(own ?? []), ...more.map(([Key, Value]) => ({ Key, Value }))] };
}

async function dynamicReference(context: Context, service: string, key: string, as: Principal): Promise<string> {
  if (service !== 'ssm')
    throw invalid(`The sandbox does not carry dynamic references to ${service}: {{resolve:${service}:${key}}}`);
  const answer = await context.call('ssm', 'GetParameters', { Names: [key] }, { as });
  const value = (answer['Parameters'] as { Value?: string }[] | undefined)?.[0]?.Value;
  if (value === undefined) throw invalid(`Parameter with ID ${key} not found. (Service: Ssm, Status Code: 400)`);
  return value;
}

export function outputsOf(template: Template, scope: Scope): OutputRecord[] {
  return Object.entries(template.outputs)
    .filter(([, output]) => output.Condition === undefined || scope.conditions[output.Condition])
    .map(([OutputKey, output]) => {
      const value = resolve(output.Value, scope);
      // Only a plan has values that are not known yet: they count as another value.
      if (value !== UNKNOWN && typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw invalid(
          `Template format error: Output ${OutputKey} is malformed. The Value field of every Outputs member must evaluate to a String.`,
        );
      const name = output.exportName === undefined ? undefined : String(resolve(output.exportName, scope));
      return {
        OutputKey,
        OutputValue: String(value),
        ...(output.Description === undefined ? {} : { Description: output.Description }),
        ...(name === undefined ? {} : { ExportName: name }),
      };
    });
}
