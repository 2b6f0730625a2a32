/** What of the workshop is in an account and Region. Only reads. */
import { listStacks, stackResources } from '../aws/cloudformation.ts';
import type { Connection } from '../aws/connection.ts';
import { listRules } from '../aws/events.ts';
import { listRoles, listStateMachines } from '../aws/find.ts';
import { iotAttachments, logGroupsUnder, roleTags, stateMachineTags } from '../aws/leftovers.ts';
import { listExecutions } from '../aws/states.ts';
import { BUS_NAME, STACK_PREFIX } from '../workshop.ts';
import type { Present } from './plan.ts';

export async function observePresent(connection: Connection): Promise<Present> {
  const [stacks, rules, machines, roles, attachments, logGroups] = await Promise.all([
    listStacks(connection),
    Promise.all([BUS_NAME, 'default'].map((bus) => listRules(connection, bus))),
    listStateMachines(connection),
    listRoles(connection),
    iotAttachments(connection, STACK_PREFIX),
    logGroupsUnder(connection, `/aws/lambda/${STACK_PREFIX}`),
  ]);
  const ours = stacks.filter(({ name }) => name.startsWith(STACK_PREFIX));
  const held = (await Promise.all(ours.map(({ name }) => stackResources(connection, name))))
    .flat()
    .filter(({ status }) => status !== 'DELETE_COMPLETE')
    .map(({ physicalId }) => physicalId);
  const heldSet = new Set(held);
  return {
    stacks: ours.map(({ name, status, tags }) => ({ name, status, tags })),
    heldByStacks: held,
    rules: rules
      .flat()
      .map(({ name, bus, arn, targets }) => ({ name, bus, arn, targets: targets.map((target) => target.arn) })),
    stateMachines: await Promise.all(
      machines
        .filter(({ arn }) => !heldSet.has(arn))
        .map(async ({ name, arn, type }) => ({
          name,
          arn,
          tags: await stateMachineTags(connection, arn),
          // EXPRESS executions cannot be listed, and end by themselves.
          running:
            type === 'EXPRESS'
              ? []
              : (await listExecutions(connection, arn, 1_000, 'RUNNING')).map((execution) => execution.arn),
        })),
    ),
    roles: await Promise.all(
      roles
        .filter(({ name }) => !heldSet.has(name) && /^(StepFunctions-|Amazon_EventBridge_Invoke_)/.test(name))
        .map(async ({ name, path }) => ({ name, path, tags: await roleTags(connection, name) })),
    ),
    iotAttachments: attachments,
    logGroups,
  };
}
