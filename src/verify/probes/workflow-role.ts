import { isDenied } from '../../aws/failure.ts';
import { functionPolicy } from '../../aws/functions.ts';
import { PROCESSOR_ROLE_PART } from '../../workshop.ts';
import { askRole } from '../permissions/ask.ts';
import { type RoleSeen, roleName, roleNamed, stepFunctions, trusted, trusts } from '../permissions/judge.ts';
import { callsOfPartA, type Need, needsOf } from '../permissions/needs.ts';
import type { SceneName } from '../workflow/scenarios.ts';
import type { Facts } from '../facts.ts';
import { probe } from './probe.ts';
import { learnersWorkflow, playOnce } from './workflow-behaviour.ts';

type Seen =
  | { missing: string; hint?: string }
  | {
      workflow: string;
      role: RoleSeen;
      needs: Need[];
      /** Names of the roles that were prepared for it. */
      prepared: string[];
    };

/** Nothing is wrong with a role that has not been asked for anything. */
const NOTHING_YET = 'Go on building: the role is judged with the first state that asks for something.';

const PART_A: SceneName[] = ['closed', 'running-21', 'open'];
const PART_B: SceneName[] = ['open', 'customer-never', 'barista-never', 'barista-cancels'];

/** The workflow's role may do what its own definition asks for, in the scenes of one part of the module. */
export const workflowRole = probe<Seen>({
  async observe(check, facts) {
    const workflow = await learnersWorkflow(facts);
    if ('missing' in workflow) return workflow;
    const partA = PART_A.flatMap((scene) => callsOfPartA(playOnce(workflow, scene).tasks));
    const calls =
      check.expect['part'] === 'b' ? [...partA, ...PART_B.flatMap((scene) => playOnce(workflow, scene).tasks)] : partA;
    const needs = needsOf(calls, workflow.arn);
    if (needs.length === 0) return { missing: 'the workflow asks for nothing yet', hint: NOTHING_YET };
    const role = await askRole(
      facts,
      workflow.roleArn,
      needs.map(({ state: _, ...ask }) => ask),
    );
    const refused = await notByFunctions(facts, role);
    const fine = role.exists && refused.length === 0;
    const roles = fine && trustsStates(role, workflow.arn) ? [] : await rolesIfAllowed(facts);
    return {
      workflow: workflow.arn,
      role: { ...role, refused },
      needs,
      prepared: roles.map(({ name }) => name).filter((name) => name.includes(PROCESSOR_ROLE_PART)),
    };
  },
  judge(check, seen) {
    const expected = 'a role that states.amazonaws.com may assume, and that may do what the workflow asks for';
    if ('missing' in seen)
      return {
        status: 'waiting',
        expected,
        found: seen.missing,
        ...(seen.hint === undefined ? {} : { hint: seen.hint }),
      };
    const { role, needs, prepared } = seen;
    const name = roleName(role.arn);
    const choose = prepared.find((one) => one !== name);
    const other = choose ? `Choose the role ${choose} in the configuration of the workflow.` : undefined;
    const fail = (found: string, hint?: string) => ({
      status: 'fail' as const,
      expected,
      found,
      ...(hint === undefined ? {} : { hint }),
    });
    if (!role.exists) return fail(`the role ${name} of the workflow is not there`, other ?? check.hints[0]);
    if (!trustsStates(role, seen.workflow)) {
      const who = trusted(role.trust);
      return fail(
        `states.amazonaws.com may not assume the role ${name}${who.length > 0 ? `, which trusts ${who.join(', ')}` : ''}`,
        other ?? 'Its trust policy must name states.amazonaws.com.',
      );
    }
    const missing = role.refused.flatMap((ask) => {
      const need = needs.find((one) => one.action === ask.action && one.resource === ask.resource);
      return need ? [need] : [];
    });
    const [first] = missing;
    if (first) {
      const more = [...new Set(missing.map(({ action }) => action))].filter((action) => action !== first.action);
      return fail(
        `the role ${name} may not do ${first.action} on ${first.resource}, which the state "${first.state}" asks for${more.length > 0 ? `, nor ${more.join(', ')}` : ''}`,
        other ?? `Allow the role ${first.action} on ${first.resource}.`,
      );
    }
    const actions = [...new Set(needs.map(({ action }) => action))];
    return { status: 'pass', expected, found: `the role ${name} may do ${actions.join(', ')}` };
  },
});

/** Only for the hint: who may not list roles is told without a name. */
async function rolesIfAllowed(facts: Facts): Promise<{ name: string }[]> {
  try {
    return await facts.roles();
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

const trustsStates = (role: RoleSeen, workflow: string): boolean =>
  trusts(role.trust, stepFunctions(workflow.split(':')[3] ?? ''), role.arn, {
    arn: workflow,
    account: workflow.split(':')[4] ?? '',
  });

/** A function's own policy may let the role in although the role's policies say nothing of it. */
async function notByFunctions(facts: Facts, role: RoleSeen): Promise<RoleSeen['refused']> {
  const kept = await Promise.all(
    role.refused.map(async (ask) => {
      const [, name, qualifier] = /:function:([^:]+)(?::(.+))?$/.exec(ask.resource) ?? [];
      if (ask.action !== 'lambda:InvokeFunction' || name === undefined) return ask;
      const statements = await facts.once(`function policy ${ask.resource}`, (connection) =>
        functionPolicy(connection, name, qualifier),
      );
      return roleNamed(statements, role.arn, ask) ? undefined : ask;
    }),
  );
  return kept.filter((ask) => ask !== undefined);
}
