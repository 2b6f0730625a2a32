import { BUS_NAME, PROCESSOR_ROLE_PART, TABLES, WORKFLOW_NAME } from '../../workshop.ts';
import { askRole } from '../permissions/ask.ts';
import { type Ask, type RoleSeen, stepFunctions, trusts } from '../permissions/judge.ts';
import { probe } from './probe.ts';

interface Seen {
  /** ARN of the workflow that will use it. */
  workflow: string;
  roles: (RoleSeen & { name: string })[];
}

/** The role that was prepared for the workflow is there, and may do what the solution needs. */
export const preparedRole = probe<Seen>({
  async observe(_check, facts) {
    const [account, roles] = await Promise.all([facts.account(), facts.roles()]);
    const here = (service: string, rest: string): string => `arn:aws:${service}:${facts.region}:${account}:${rest}`;
    const workflow = here('states', `stateMachine:${WORKFLOW_NAME}`);
    const asks: Ask[] = [
      { action: 'events:PutEvents', resource: here('events', `event-bus/${BUS_NAME}`) },
      { action: 'dynamodb:GetItem', resource: here('dynamodb', `table/${TABLES.config}`) },
      { action: 'dynamodb:UpdateItem', resource: here('dynamodb', `table/${TABLES.counting}`) },
      { action: 'states:ListExecutions', resource: workflow },
    ];
    const named = roles.filter(({ name }) => name.includes(PROCESSOR_ROLE_PART));
    return {
      workflow,
      roles: await Promise.all(named.map(async ({ name, arn }) => ({ name, ...(await askRole(facts, arn, asks)) }))),
    };
  },
  judge(_check, { workflow, roles }) {
    const expected = `a role whose name contains ${PROCESSOR_ROLE_PART}, with the rights that the workflow needs`;
    if (roles.length === 0)
      return { status: 'fail', expected, found: `no role's name contains ${PROCESSOR_ROLE_PART}` };
    const source = { arn: workflow, account: workflow.split(':')[4] ?? '' };
    const faults = roles.map((role) =>
      trusts(role.trust, stepFunctions(workflow.split(':')[3] ?? ''), role.arn, source)
        ? role.refused[0] && `the role ${role.name} may not do ${role.refused[0].action} on ${role.refused[0].resource}`
        : `states.amazonaws.com may not assume the role ${role.name}`,
    );
    const good = roles[faults.indexOf(undefined)];
    return good ? { status: 'pass', expected, found: good.name } : { status: 'fail', expected, found: faults[0] ?? '' };
  },
});
