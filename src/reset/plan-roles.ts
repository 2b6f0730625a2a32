/** Which roles and policies that were made beside the stacks go, and why they are believed to be the workshop's. Pure. */
import { BUS_NAME, LOG_GROUP, SET_STACK_PREFIX, STACK_PREFIX, TABLES, WORKFLOW_NAME } from '../workshop.ts';
import { MARKED, marked, nameOf } from './marker.ts';
import type { Present, SweepPlan } from './plan.ts';

/** `kept` stay although they are a learner's; `rolesInUse` (ARNs) serve what is the workshop's. */
export function planRoles(present: Present, kept: string[], rolesInUse: ReadonlySet<string>): SweepPlan {
  const plan: SweepPlan = { removals: [], left: [] };
  const { region } = present;
  const held = new Set(present.heldByStacks);
  const leave = (kind: string, id: string, why: string): void => void plan.left.push({ kind, id, why, region });
  for (const role of present.roles) {
    if (held.has(role.name) || kept.includes(role.name)) continue;
    if (role.heldIn !== undefined) {
      leave('role', role.name, `the stack ${role.heldIn} holds it`);
      continue;
    }
    const other = present.everywhere ? undefined : onlyIn(role.resources, region);
    if (other !== undefined) {
      leave('role', role.name, `it is for what is in ${other}`);
      continue;
    }
    const why = whyRole(role, rolesInUse);
    if (why === undefined) {
      if (looksConsoleMade(role.name))
        leave('role', role.name, 'the console made it, and nothing says that it was for the workshop');
      continue;
    }
    plan.removals.push({ kind: 'role', id: role.name, region, why, marked: marked(role.tags) });
    for (const { arn, path } of role.policies)
      if (path === '/service-role/')
        plan.removals.push({
          kind: 'policy',
          id: nameOf(arn),
          arn,
          region,
          why: `the console made it for ${role.name}`,
        });
  }
  for (const { name, arn, resources } of present.loosePolicies)
    if (
      looksConsoleMade(name) ||
      /^(XRayAccessPolicy|LambdaInvokeScopedAccessPolicy|EventsPutEventsPolicy)/.test(name)
    ) {
      if (onlyTheWorkshops(resources) && (present.everywhere || onlyIn(resources, region) === undefined))
        plan.removals.push({
          kind: 'policy',
          id: name,
          arn,
          region,
          why: 'it is attached to nothing and allows the workshop’s things only',
        });
    }
  return plan;
}

const looksConsoleMade = (name: string): boolean =>
  /^(StepFunctions-.*order[-_ ]?processor.*|Amazon_EventBridge_Invoke_.+)$/i.test(name);

/** The Region that a role's policies name, where they name others than this one only. */
function onlyIn(resources: string[], region: string): string | undefined {
  const named = new Set(resources.flatMap((arn) => /^arn:[^:]+:[^:]+:([a-z]{2}-[^:]+):/.exec(arn)?.[1] ?? []));
  return named.has(region) ? undefined : [...named][0];
}

function whyRole(role: Present['roles'][number], inUse: ReadonlySet<string>): string | undefined {
  if (marked(role.tags)) return MARKED;
  if (role.path !== '/service-role/') return undefined;
  if (new RegExp(`^StepFunctions-${WORKFLOW_NAME}-role-[A-Za-z0-9]+$`).test(role.name))
    return `the console made it for ${WORKFLOW_NAME}`;
  const console = /^(StepFunctions-.+-role-[A-Za-z0-9]+|Amazon_EventBridge_Invoke_[A-Za-z0-9_]+)$/.test(role.name);
  // The same role may serve a rule of somebody else: what it may do decides, being in use alone does not.
  if (console && onlyTheWorkshops(role.resources))
    return inUse.has(role.arn)
      ? `the console made it for ${role.name.startsWith('StepFunctions') ? WORKFLOW_NAME : `a rule on ${BUS_NAME}`}`
      : 'the console made it, and it may touch the workshop’s things only';
  return undefined;
}

const OURS = new RegExp(
  [
    `:stateMachine:${WORKFLOW_NAME}$`,
    `:execution:${WORKFLOW_NAME}:`,
    `:event-bus/${BUS_NAME}$`,
    `:table/(${Object.values(TABLES).join('|')})(/|$)`,
    `:function:(${STACK_PREFIX}[a-z-]+|${SET_STACK_PREFIX}[a-z-]*)-[A-Za-z0-9]+-[A-Za-z0-9]{10,13}(:|$)`,
    `:log-group:${LOG_GROUP}(:|$)`,
  ].join('|'),
);
/** Does a policy name things of the workshop, and none of anybody else? `*` alone says nothing either way. */
const onlyTheWorkshops = (resources: string[]): boolean => {
  const named = resources.filter((resource) => resource !== '*');
  return named.length > 0 && named.every((resource) => OURS.test(resource));
};
