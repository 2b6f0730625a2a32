/** What a teardown takes away, in which order, and why each thing is believed to be the workshop's. Pure. */
import { BUS_NAME, MARKER, STACK_PREFIX, WORKFLOW_NAME } from '../workshop.ts';

export interface Present {
  stacks: { name: string; status: string; tags: Record<string, string> }[];
  /** Ids of the resources that stacks hold: whatever is among them goes with its stack. */
  heldByStacks: string[];
  rules: { name: string; bus: string; arn: string; targets: string[] }[];
  stateMachines: { name: string; arn: string; tags: Record<string, string>; running: string[] }[];
  roles: { name: string; path: string; tags: Record<string, string> }[];
  iotAttachments: { policy: string; target: string }[];
  logGroups: string[];
}

export type Removal =
  | { kind: 'execution'; id: string; why: string }
  | { kind: 'rule'; id: string; bus: string; why: string }
  | { kind: 'state machine'; id: string; arn: string; why: string }
  | { kind: 'role'; id: string; why: string }
  | { kind: 'IoT policy attachment'; id: string; policy: string; target: string; why: string }
  | { kind: 'stack'; id: string; why: string; after: string[] }
  | { kind: 'log group'; id: string; why: string };

export interface TeardownPlan {
  removals: Removal[];
  /** Looks like the workshop's but is not known to be. */
  left: { kind: string; id: string; why: string }[];
}

/** What the console makes for a learner (workshop page "Fixed names"). */
const CONSOLE_ROLE = new RegExp(
  `^StepFunctions-${WORKFLOW_NAME}-role-[A-Za-z0-9]+$|^Amazon_EventBridge_Invoke_[A-Za-z_]+_\\d+$`,
);

export function planTeardown(present: Present): TeardownPlan {
  const plan: TeardownPlan = { removals: [], left: [] };
  const held = new Set(present.heldByStacks);
  const marked = (tags: Record<string, string>): boolean => tags[MARKER.key] === MARKER.value;
  const machines = present.stateMachines.filter(({ arn }) => !held.has(arn));
  const ours = machines.filter(({ name, tags }) => name === WORKFLOW_NAME || marked(tags));
  for (const { name } of machines.filter((machine) => !ours.includes(machine)))
    if (name.includes(WORKFLOW_NAME))
      plan.left.push({
        kind: 'state machine',
        id: name,
        why: 'its name is only like the workshop’s and it has no marker',
      });

  for (const { running } of ours)
    for (const arn of running)
      plan.removals.push({ kind: 'execution', id: arn, why: 'it runs the workflow that goes' });
  const targetsGoing = new Set(ours.map(({ arn }) => arn));
  for (const rule of present.rules) {
    if (held.has(rule.arn) || held.has(`${rule.bus}|${rule.name}`) || held.has(rule.name)) continue;
    if (rule.bus === BUS_NAME)
      plan.removals.push({
        kind: 'rule',
        id: rule.name,
        bus: rule.bus,
        why: `it is on the bus ${BUS_NAME}, which goes`,
      });
    else if (rule.targets.some((target) => targetsGoing.has(target)))
      plan.left.push({ kind: 'rule', id: `${rule.bus}/${rule.name}`, why: 'it is on another bus; its target goes' });
  }
  for (const { name, arn, tags } of ours)
    plan.removals.push({
      kind: 'state machine',
      id: name,
      arn,
      why: marked(tags) ? `it carries the tag ${MARKER.key}` : 'it has the workshop’s name',
    });
  for (const { name, path, tags } of present.roles) {
    if (held.has(name)) continue;
    if (marked(tags)) plan.removals.push({ kind: 'role', id: name, why: `it carries the tag ${MARKER.key}` });
    else if (path === '/service-role/' && CONSOLE_ROLE.test(name) && name.includes(WORKFLOW_NAME))
      plan.removals.push({ kind: 'role', id: name, why: `the console made it for ${WORKFLOW_NAME}` });
    else if (CONSOLE_ROLE.test(name))
      plan.left.push({ kind: 'role', id: name, why: 'the console made it for a rule, which may be any rule' });
  }
  for (const { policy, target } of present.iotAttachments)
    plan.removals.push({
      kind: 'IoT policy attachment',
      id: `${policy} → ${target}`,
      policy,
      target,
      why: 'an attached policy cannot be deleted with its stack',
    });

  const stacks = present.stacks.filter(({ name }) => name.startsWith(STACK_PREFIX));
  for (const { name, tags } of stacks)
    if (!marked(tags))
      plan.left.push({ kind: 'stack', id: name, why: `it has no tag ${MARKER.key}, so presso did not make it` });
  const going = stacks.filter(({ tags }) => marked(tags));
  for (const { name, status } of going)
    plan.removals.push({ kind: 'stack', id: name, why: `presso made it (${status})`, after: [] });
  const names = going.map(({ name }) => name);
  for (const group of present.logGroups)
    if (!held.has(group) && names.some((name) => group.startsWith(`/aws/lambda/${name}-`)))
      plan.removals.push({ kind: 'log group', id: group, why: 'Lambda made it for a function that goes' });
  // The bus goes only when nothing is on it any more: its stack waits for those whose rules are there.
  for (const removal of plan.removals)
    if (removal.kind === 'stack' && removal.id === `${STACK_PREFIX}events`)
      removal.after = names.filter((name) => name !== removal.id);
  return plan;
}
