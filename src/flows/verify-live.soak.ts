/** Every right answer serves real test orders, whatever it looks like: a live check must not fail what the others pass. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksDir } from '../paths.ts';
import { readBuild, type Wanted, type WorkflowWanted } from '../solve/build.ts';
import { openWorkshop, type Workshop } from '../testing/workshop.ts';
import { factsOf, KINDS, readChecklists, verify, withLiveChecks } from '../verify/index.ts';
import { WORKFLOW_NAME } from '../workshop.ts';
import { buildsOf, withBuild } from './prove.ts';
import { liveOrders } from './verify-live.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => workshop.close());

const lists = withLiveChecks(checksDir(), readChecklists(checksDir(), ['module-1', 'module-2'], KINDS), KINDS);
const variants = ['module-1', 'module-2'].flatMap((module) =>
  buildsOf(module).flatMap((name) => (name.startsWith('variants/') ? [[module, name] as const] : [])),
);

/** A variant of module 1 gets the rules of the solution, under its own workflow's name. */
function wholeBuild(module: string, name: string): Wanted[] {
  const { resources } = readBuild(path.join(checksDir(), module, name));
  if (module !== 'module-1') return resources;
  const machine = resources.find(({ kind }) => kind === 'workflow') as WorkflowWanted;
  const routing = readBuild(path.join(checksDir(), 'module-2', 'solution')).resources;
  const rules = routing.filter(({ kind }) => kind !== 'workflow');
  return [...resources, ...(JSON.parse(JSON.stringify(rules).replaceAll(WORKFLOW_NAME, machine.name)) as Wanted[])];
}

test.each(variants)('%s %s', async (module, name) => {
  await withBuild(workshop.connection, { resources: wholeBuild(module, name) }, async () => {
    const live = liveOrders(workshop.connection, new AbortController().signal, () => {});
    const explain = (error: unknown) => ({ found: error instanceof Error ? error.message : String(error), hint: '' });
    const wrong: string[] = [];
    for await (const { checks } of verify(lists, factsOf(workshop.connection, live), explain))
      for (const { id, status, found } of checks) if (status !== 'pass') wrong.push(`${id}: ${status}, ${found}`);
    expect(wrong).toEqual([]);
  });
});
