import path from 'node:path';
import { expect, test } from 'vitest';
import { buildsOf, checklistsOf } from '../flows/prove.ts';
import { checksDir } from '../paths.ts';
import { readBuild } from '../solve/build.ts';
import { fillIn } from '../solve/difference.ts';
import { mutantsOf } from '../testing/mutants.ts';
import { factsOfDefinition, offlineChecks, verify } from '../verify/index.ts';

const ROOM = 160;
const PLACE = { account: '123456789012', region: 'us-east-1' };
const lists = offlineChecks(checklistsOf(['module-1']));

const definitionOf = (resources: ReturnType<typeof readBuild>['resources']): string[] =>
  resources.flatMap((resource) => (resource.kind === 'workflow' ? [fillIn(resource.definition, PLACE)] : []));

const build = (name: string) => readBuild(path.join(checksDir(), 'module-1', name));

async function judge(text: string): Promise<number> {
  for await (const { failed } of verify(lists, factsOfDefinition(text), (error) => {
    throw error;
  }))
    return failed;
  return -1;
}

test('all scenarios of one definition take less than 300 ms, the first time too', async () => {
  const [solution = ''] = definitionOf(build('solution').resources);
  const first = performance.now();
  expect(await judge(solution)).toBe(0);
  const cold = performance.now() - first;
  const [other = ''] = definitionOf(build('variants/jsonata').resources);
  const then = performance.now();
  expect(await judge(other)).toBe(0);
  const warm = performance.now() - then;
  console.log(`all scenarios: ${cold.toFixed(0)} ms cold, ${warm.toFixed(0)} ms warm (JSONata)`);
  expect(Math.max(cold, warm)).toBeLessThan(300);
});

test(`a room of ${ROOM} definitions, right and wrong, is judged in less than 20 s by one process`, async () => {
  const texts = [
    ...buildsOf('module-1').flatMap((name) => definitionOf(build(name).resources)),
    ...mutantsOf(build('solution').resources, 4).flatMap(({ resources }) => definitionOf(resources)),
  ].slice(0, ROOM);
  expect(texts).toHaveLength(ROOM);
  const start = performance.now();
  let right = 0;
  for (const text of texts) if ((await judge(text)) === 0) right++;
  const took = performance.now() - start;
  console.log(`${ROOM} definitions: ${(took / 1_000).toFixed(1)} s, ${right} of them right`);
  expect(took).toBeLessThan(20_000);
});
