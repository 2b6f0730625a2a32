/** What an update would change, before anything is touched: for change sets, and to know when there is nothing to do. */
import type { Principal } from '../../../identity.ts';
import type { Context } from '../../../service.ts';
import { type ResourceRecord, resources, type StackRecord, type Wish } from '../records.ts';
import { hasUnknown, UNKNOWN } from '../template/functions.ts';
import { sameValue, type Template } from '../template/model.ts';
import { referencesOf } from '../template/references.ts';
import { dependenciesOf } from '../template/validate.ts';
import { changedProperties } from './forward.ts';
import { typeOf } from './run.ts';
import { activeResources, exportsOf, lookIn, makeScope, outputsOf, propertiesOf } from './scope.ts';

export interface PlannedChange {
  action: 'Add' | 'Modify' | 'Remove';
  logicalId: string;
  physicalId?: string | undefined;
  type: string;
  replacement?: 'True' | 'False' | 'Conditional';
  policyAction?: string | undefined;
  scope: string[];
  details: Detail[];
}

interface Detail {
  attribute: string;
  name?: string;
  recreation: 'Never' | 'Always' | 'Conditionally';
  evaluation: 'Static' | 'Dynamic';
  source: string;
  causing?: string | undefined;
  before?: string | undefined;
  after?: string | undefined;
}

export interface Plan {
  changes: PlannedChange[];
  /** Outputs or the stack's tags differ, which an update applies without touching a resource. */
  besides: boolean;
}

export async function planChanges(
  context: Context,
  stack: StackRecord,
  template: Template,
  wish: Wish,
  deployed: Wish | undefined,
  as: Principal,
  /** An export that is not there: UpdateStack meets it after its answer, a change set fails by it. */
  missingExports: 'later' | 'now' = 'now',
): Promise<Plan> {
  const table = resources(context, stack.stackId);
  const record = (id: string): ResourceRecord | undefined => {
    const found = table.get(id);
    return found?.made && found.status !== 'DELETE_COMPLETE' ? found : undefined;
  };
  /** Resources that will be others than they are now. */
  const unsettled = new Set<string>();
  const look = lookIn(record);
  const { scope } = makeScope(context, stack, template, wish, {
    ref: (id) => (unsettled.has(id) || !record(id) ? (template.resources[id] ? UNKNOWN : undefined) : look.ref(id)),
    attribute: (id, name) => (unsettled.has(id) || !record(id) ? UNKNOWN : look.attribute(id, name)),
    ...(missingExports === 'later'
      ? { importValue: (name: string) => exportsOf(context).get(name)?.Value ?? UNKNOWN }
      : {}),
  });
  const active = activeResources(template, scope.conditions);
  const changes = new Map<string, PlannedChange>();
  for (const id of sorted(active, (name) => dependenciesOf(template, name, scope.conditions))) {
    const definition = template.resources[id];
    if (!definition) continue;
    const now = record(id);
    if (!now) {
      unsettled.add(id);
      changes.set(id, { action: 'Add', logicalId: id, type: definition.Type, scope: [], details: [] });
      continue;
    }
    const { properties } = await propertiesOf(context, template, id, scope, wish.tags, as);
    const change = modification(now, definition.Type, properties, definition, wish, deployed);
    if (change) {
      changes.set(id, change);
      if (change.replacement !== 'False') unsettled.add(id);
    }
  }
  const removed = [...table.values()]
    .filter((item) => record(item.logicalId) && !active.includes(item.logicalId))
    .map(
      (item): PlannedChange => ({
        action: 'Remove',
        logicalId: item.logicalId,
        physicalId: item.physicalId,
        type: item.type,
        policyAction: item.deletionPolicy === 'Delete' ? 'Delete' : 'Retain',
        scope: [],
        details: [],
      }),
    );
  const all = [...active.map((id) => changes.get(id)).filter((item) => item !== undefined), ...removed];
  const besides =
    !sameValue(wish.tags, deployed?.tags ?? {}) ||
    (all.length === 0 && !sameValue(outputsOf(template, scope), stack.outputs));
  return { changes: all, besides };
}

function sorted(names: string[], needs: (name: string) => string[]): string[] {
  const result: string[] = [];
  const visit = (name: string): void => {
    if (result.includes(name) || !names.includes(name)) return;
    for (const other of needs(name)) visit(other);
    result.push(name);
  };
  names.forEach(visit);
  return result;
}

function modification(
  now: ResourceRecord,
  typeName: string,
  properties: Record<string, unknown>,
  definition: Template['resources'][string],
  wish: Wish,
  deployed: Wish | undefined,
): PlannedChange | undefined {
  const type = typeOf(typeName);
  const changed = changedProperties(now.properties, properties);
  const sometimes = type.replacesWhen?.(now.properties, properties) ?? [];
  const details = changed.map((name): Detail => {
    const dynamic = hasUnknown(properties[name]);
    const always = type.replaces.includes(name) || sometimes.includes(name) || !type.update || typeName !== now.type;
    const tags = name === type.tags?.property;
    return {
      attribute: tags ? 'Tags' : 'Properties',
      ...(tags ? {} : { name }),
      recreation: always ? (dynamic ? 'Conditionally' : 'Always') : 'Never',
      evaluation: dynamic ? 'Dynamic' : 'Static',
      ...cause(definition.Properties[name], properties[name], dynamic, wish, deployed),
      before: shown(now.properties[name]),
      after: dynamic ? undefined : shown(properties[name]),
    };
  });
  const plain = (attribute: string): Detail => ({
    attribute,
    recreation: 'Never',
    evaluation: 'Static',
    source: 'DirectModification',
  });
  if (!sameValue(now.metadata, definition.Metadata)) details.push(plain('Metadata'));
  if (now.deletionPolicy !== definition.DeletionPolicy) details.push(plain('DeletionPolicy'));
  if (now.updateReplacePolicy !== definition.UpdateReplacePolicy) details.push(plain('UpdateReplacePolicy'));
  if (details.length === 0 && typeName === now.type) return undefined;
  const replacement =
    typeName !== now.type || details.some((detail) => detail.recreation === 'Always')
      ? 'True'
      : details.some((detail) => detail.recreation === 'Conditionally')
        ? 'Conditional'
        : 'False';
  return {
    action: 'Modify',
    logicalId: now.logicalId,
    physicalId: now.physicalId,
    type: typeName,
    replacement,
    policyAction:
      replacement === 'False'
        ? undefined
        : definition.UpdateReplacePolicy === 'Delete'
          ? 'ReplaceAndDelete'
          : 'ReplaceAndRetain',
    scope: [...new Set(details.map((detail) => detail.attribute))],
    details,
  };
}

function shown(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Where a change comes from, as far as it can be told from the template. */
function cause(
  raw: unknown,
  _value: unknown,
  dynamic: boolean,
  wish: Wish,
  deployed: Wish | undefined,
): { source: string; causing?: string } {
  for (const { kind, name, attribute } of referencesOf(raw)) {
    if (dynamic && kind === 'attribute') return { source: 'ResourceAttribute', causing: `${name}.${attribute ?? ''}` };
    if (dynamic && kind !== 'condition' && !Object.hasOwn(wish.parameters, name) && !name.startsWith('AWS::'))
      return { source: 'ResourceReference', causing: name };
    const changed =
      Object.hasOwn(wish.parameters, name) &&
      (wish.parameters[name] !== deployed?.parameters[name] ||
        wish.stored[wish.parameters[name] ?? ''] !== deployed?.stored[wish.parameters[name] ?? '']);
    if (changed) return { source: 'ParameterReference', causing: name };
  }
  return { source: 'DirectModification' };
}

/** A plan's change as DescribeChangeSet shows it. */
export function showChange(change: PlannedChange, values: boolean): Record<string, unknown> {
  return {
    Type: 'Resource',
    ResourceChange: {
      PolicyAction: change.policyAction,
      Action: change.action,
      LogicalResourceId: change.logicalId,
      PhysicalResourceId: change.physicalId,
      ResourceType: change.type,
      Replacement: change.replacement,
      Scope: change.scope,
      Details: change.details.map((detail) => ({
        Target: {
          Attribute: detail.attribute,
          Name: detail.name,
          RequiresRecreation: detail.recreation,
          ...(detail.name === undefined ? {} : { Path: `/Properties/${detail.name}` }),
          ...(values ? { BeforeValue: detail.before, AfterValue: detail.after } : {}),
        },
        Evaluation: detail.evaluation,
        ChangeSource: detail.source,
        CausingEntity: detail.causing,
      })),
    },
  };
}
