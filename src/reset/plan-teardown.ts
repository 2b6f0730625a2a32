/** Everything of the workshop in a Region, in the order in which it lets go of each other. Pure. */
import { coreStackName, isOfASet, MARKER, STACK_PREFIX } from '../workshop.ts';
import { marked, nameOf } from './marker.ts';
import { planHandMade, type Present, type SweepPlan } from './plan.ts';

/** Everything of the workshop in a Region. */
export function planTeardown(present: Present): SweepPlan {
  const plan = planHandMade(present);
  const { region } = present;
  const leave = (kind: string, id: string, why: string): void => void plan.left.push({ kind, id, why, region });
  // Permissions go with their functions.
  plan.removals = plan.removals.filter(({ kind }) => kind !== 'permission');
  const stacks = present.stacks.filter(({ name }) => coreStackName(name) !== undefined);
  for (const { name, tags } of stacks)
    if (!marked(tags)) leave('stack', name, `it has no tag ${MARKER.key}, so presso did not make it`);
  const going = stacks.filter(({ tags }) => marked(tags));
  const names = going.map(({ name }) => name);
  const events = going.find(({ name }) => coreStackName(name) === `${STACK_PREFIX}events`)?.name;
  for (const { name, status } of going)
    plan.removals.push({
      kind: 'stack',
      id: name,
      region,
      why: isOfASet(name)
        ? `presso made it through StackSets (${status}); the hub’s instance of it becomes inoperable until presso fleet teardown`
        : `presso made it (${status})`,
      // The bus goes only when nothing is on it any more: its stack waits for those whose rules are there.
      after: name === events ? names.filter((other) => other !== events) : [],
    });
  const held = new Set(present.heldByStacks);
  // Whatever an identity once listened by cannot be deleted for minutes: tried early, so that no stack fails on it.
  if (going.length > 0 || present.iotAttachments.length > 0)
    for (const policy of present.iotPolicies)
      if (held.has(policy))
        plan.removals.push({ kind: 'IoT policy', id: policy, region, why: 'its stack cannot be deleted before it' });
  for (const { kind, id, name, owner } of present.loose) {
    const there = plan.removals.some(
      (removal) => removal.kind === kind && (removal.id === id || ('arn' in removal && removal.arn === id)),
    );
    if (there) continue;
    if (owner !== undefined) leave(kind, id, `the stack ${owner} holds it, which presso did not make`);
    else if (kind === 'state machine')
      plan.removals.push({ kind, id: nameOf(id).split(':').at(-1) ?? id, arn: id, region, why: LOOSE });
    else
      plan.removals.push({
        kind,
        id,
        region,
        why: kind === 'log group' ? LOGS : name === undefined ? LOOSE : named(name),
        // An API of that name counts only with the marker (src/aws/traces.ts).
        marked: kind === 'HTTP API',
      });
  }
  for (const { kind, id, name } of present.alike)
    leave(
      kind,
      name ?? id,
      kind === 'user pool'
        ? 'its name is only like the workshop’s'
        : `it has a name of the workshop but no tag ${MARKER.key}`,
    );
  return plan;
}

const LOOSE = 'it has a name of the workshop and no stack holds it';
const named = (name: string): string => `it is called ${name} and no stack holds it`;
const LOGS = 'Lambda made it for a function of the workshop';
