/**
 * The long proof of the checks: every build in an account, and every mutant of the solution. What verify lets pass must
 * serve orders rightly in the sandbox, by an oracle that shares nothing with it; else the check is at fault.
 */
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bar, openBar } from '../../templates/testing/bar.ts';
import { type Connection, connect } from '../aws/connection.ts';
import { deleteRule, listRules } from '../aws/events.ts';
import { listFunctions } from '../aws/find.ts';
import { functionPolicy, removePermission } from '../aws/functions.ts';
import { deleteRole } from '../aws/roles.ts';
import { deleteStateMachine } from '../aws/states.ts';
import { buildsOf, checklistsOf, openAccount, proveInAccount, proveUntouched, withBuild } from '../flows/prove.ts';
import { checksDir } from '../paths.ts';
import { readBuild, type Wanted, type WorkflowWanted } from '../solve/build.ts';
import { serveOrders } from '../testing/live-orders.ts';
import { type Mutant, mutantsOf } from '../testing/mutants.ts';
import { clientConfig } from '../testing/sandbox.ts';
import { BUS_NAME, WORKFLOW_NAME } from '../workshop.ts';
import { factsOf, factsOfDefinition, offlineChecks, verify } from './index.ts';

const SEED = Number(process.env['PRESSO_SEED'] ?? 1);
const ACCOUNT = '123456789012';
const ARN = `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:${WORKFLOW_NAME}`;
const lists = checklistsOf(['setup', 'module-1', 'module-2']);

describe('every build, in an account', () => {
  test.each(lists.map((list) => [list.module, list] as const))('%s', async (module, list) => {
    const account = await openAccount();
    try {
      const wrong = [await proveUntouched(account.connection, list)];
      for (const name of buildsOf(module)) wrong.push(await proveInAccount(account.connection, list, name));
      wrong.push(await proveUntouched(account.connection, list));
      expect(wrong.filter(({ trouble }) => trouble.length > 0).map(({ build, trouble }) => [build, trouble])).toEqual(
        [],
      );
    } finally {
      await account.close();
    }
  });
});

/** A bar without what a learner builds, and the tools to build into it. */
async function emptyBar(): Promise<{ bar: Bar; connection: Connection; close: () => Promise<void> }> {
  const bar = await openBar();
  const connection = await connect({
    region: 'us-east-1',
    endpoint: bar.sandbox.endpoint,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'sandbox' },
  });
  for (const name of ['logAll', 'NewOrder', 'WorkflowStarted', 'WaitingCompletion'])
    if ((await listRules(connection, BUS_NAME)).some((rule) => rule.name === name))
      await deleteRule(connection, BUS_NAME, name);
  for (const name of await listFunctions(connection))
    for (const { Sid } of await functionPolicy(connection, name))
      if (Sid === 'WorkflowStarted' || Sid === 'WaitingCompletion') await removePermission(connection, name, Sid);
  await deleteStateMachine(connection, ARN);
  await deleteRole(connection, 'start-workflow');
  const iam = new IAMClient(clientConfig(bar.sandbox));
  await expect(iam.send(new GetRoleCommand({ RoleName: 'start-workflow' }))).rejects.toThrow(/cannot be found/);
  iam.destroy();
  await bar.sandbox.settle();
  return {
    bar,
    connection,
    close: async () => {
      connection.close();
      await bar.close();
    },
  };
}

async function caught(connection: Connection): Promise<boolean> {
  let failed = false;
  for await (const { failed: count, error } of verify(lists.slice(1), factsOf(connection), (reason) => {
    throw reason;
  }))
    failed ||= count + error > 0;
  return failed;
}

/** Most mutants of the workflow are caught without an account, in a fraction of the time. */
async function caughtInTheDefinition({ resources }: Mutant): Promise<boolean> {
  const workflow = resources.find(({ kind }) => kind === 'workflow');
  if (workflow?.kind !== 'workflow') return false;
  const facts = factsOfDefinition(workflow.definition, { name: workflow.name });
  for await (const { failed, error } of verify(offlineChecks(lists.slice(1, 2)), facts, (reason) => {
    throw reason;
  }))
    return failed + error > 0;
  return false;
}

describe('mutants of the solution', () => {
  // A fresh bar now and then: the log of all events is read from its beginning.
  let place: Awaited<ReturnType<typeof emptyBar>>;
  beforeAll(async () => {
    place = await emptyBar();
  });
  afterAll(() => place.close());

  test('the oracle lets the solution pass', async () => {
    const build = readBuild(path.join(checksDir(), 'module-2', 'solution'));
    await withBuild(place.connection, build, async () => {
      expect(await caught(place.connection)).toBe(false);
      expect(await serveOrders(place.bar, ARN)).toBeUndefined();
    });
  });

  test('each is caught, or serves orders rightly', async () => {
    const mutants = mutantsOf(readBuild(path.join(checksDir(), 'module-2', 'solution')).resources, SEED);
    const survivors: Mutant[] = [];
    const wrong: string[] = [];
    let refused = 0;
    let served = 0;
    for (const mutant of mutants) {
      if (await caughtInTheDefinition(mutant)) continue;
      let applied = false;
      try {
        await withBuild(place.connection, mutant, async () => {
          applied = true;
          if (await caught(place.connection)) return;
          survivors.push(mutant);
          served++;
          const reason = await serveOrders(place.bar, ARN);
          if (reason) wrong.push(`${mutant.name}: ${reason}`);
          if (process.env['PRESSO_SOAK_LOUD']) console.log(`${mutant.name}: ${reason ?? 'serves orders rightly'}`);
        });
      } catch (error) {
        // What AWS does not even take is caught before there is anything to check.
        if (applied) throw error;
        refused++;
      }
      if (served < 12) continue;
      served = 0;
      await place.close();
      place = await emptyBar();
    }
    const killed = mutants.length - survivors.length;
    console.log(
      `${mutants.length} mutants (seed ${SEED}): ${killed} caught (${refused} of them refused by AWS), ${survivors.length} let pass, of which ${wrong.length} do not serve orders rightly.\n${survivors.map(({ name }) => `  ${name}`).join('\n')}`,
    );
    expect(mutants.length).toBeGreaterThanOrEqual(200);
    expect(wrong).toEqual([]);
  });
});

describe('variants, live', () => {
  // Each is taken away again; a fresh bar now and then keeps the log short.
  let place: Awaited<ReturnType<typeof emptyBar>>;
  let served = 0;
  beforeAll(async () => {
    place = await emptyBar();
  });
  afterAll(() => place.close());

  const variants = lists.flatMap(({ module }) =>
    buildsOf(module).flatMap((name) => (name.startsWith('variants/') ? [[module, name] as const] : [])),
  );
  test.each(variants)('%s %s serves orders rightly', async (module, name) => {
    const { resources, machine } = wholeBuild(module, name);
    await withBuild(place.connection, { resources }, async () => {
      expect(await serveOrders(place.bar, ARN.replace(WORKFLOW_NAME, machine))).toBeUndefined();
    });
    if (++served % 12 > 0) return;
    await place.close();
    place = await emptyBar();
  });
});

/** A variant of module 1 gets the rules of the solution, under its own workflow's name. */
function wholeBuild(module: string, name: string): { resources: Wanted[]; machine: string } {
  const { resources } = readBuild(path.join(checksDir(), module, name));
  const machine = resources.find(({ kind }) => kind === 'workflow') as WorkflowWanted;
  if (module !== 'module-1') return { resources, machine: machine.name };
  const routing = readBuild(path.join(checksDir(), 'module-2', 'solution')).resources.filter(
    ({ kind }) => kind !== 'workflow',
  );
  const renamed = JSON.parse(JSON.stringify(routing).replaceAll(WORKFLOW_NAME, machine.name)) as Wanted[];
  return { resources: [...resources, ...renamed], machine: machine.name };
}
