import { expect, test } from 'vitest';
import { MARKER } from '../workshop.ts';
import { type Facts, planSetup, type StackFound, type StackWanted } from './plan.ts';

const wanted = (name: string, after: string[] = []): StackWanted => ({
  name,
  module: 'setup',
  after,
  description: name,
  parameters: name === 'validator' ? { TokensPerBucket: '10' } : {},
  outputs: [],
  cost: 'Free.',
  body: `body of ${name}`,
});
const stack = (name: string, status: string, more: Partial<StackFound> = {}): StackFound => ({
  name: `serverlesspresso-${name}`,
  status,
  parameters: {},
  tags: { [MARKER.key]: MARKER.value },
  body: `body of ${name}`,
  ...more,
});
const facts = (more: Partial<Facts> = {}): Facts => ({
  account: '123456789012',
  region: 'us-east-1',
  stacks: [],
  taken: [],
  logPolicies: { count: 0, names: [] },
  missingServices: [],
  ...more,
});
const ofASet = (name: string, status: string, more: Partial<StackFound> = {}): StackFound =>
  stack(name, status, { ofASet: `StackSet-serverlesspresso-${name}-0`, ...more });
const actionOf = (found: StackFound[], name = 'events'): string =>
  planSetup([wanted(name)], facts({ stacks: found })).steps[0]?.action ?? '';

test('an empty account gets every stack', () => {
  const plan = planSetup([wanted('events'), wanted('config', ['events'])], facts());
  expect(plan.steps.map(({ stack: name, action }) => [name, action])).toEqual([
    ['events', 'create'],
    ['config', 'create'],
  ]);
  expect(plan.trouble).toEqual([]);
});

test.each([
  ['CREATE_COMPLETE', 'keep'],
  ['UPDATE_COMPLETE', 'keep'],
  ['UPDATE_ROLLBACK_COMPLETE', 'keep'],
  ['ROLLBACK_COMPLETE', 'recreate'],
  ['ROLLBACK_FAILED', 'recreate'],
  ['DELETE_FAILED', 'recreate'],
  ['CREATE_FAILED', 'recreate'],
  ['REVIEW_IN_PROGRESS', 'recreate'],
  ['UPDATE_ROLLBACK_FAILED', 'repair'],
  ['CREATE_IN_PROGRESS', 'wait'],
  ['DELETE_IN_PROGRESS', 'wait'],
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'wait'],
  ['DELETE_COMPLETE', 'create'],
])('a stack that is %s: %s', (status, action) => {
  expect(actionOf([stack('events', status)])).toBe(action);
});

test('another template or another parameter is an update, and the plan says which', () => {
  expect(actionOf([stack('events', 'CREATE_COMPLETE', { body: 'older' })])).toBe('update');
  const plan = planSetup(
    [wanted('validator')],
    facts({ stacks: [stack('validator', 'CREATE_COMPLETE', { parameters: { TokensPerBucket: '3' } })] }),
  );
  expect(plan.steps[0]).toMatchObject({ action: 'update', why: 'its parameter TokensPerBucket is 3' });
});

test('a stack of our name without the marker is never touched', () => {
  const plan = planSetup([wanted('events')], facts({ stacks: [stack('events', 'CREATE_COMPLETE', { tags: {} })] }));
  expect(plan.steps[0]?.action).toBe('refuse');
  expect(plan.trouble[0]).toMatchObject({ severity: 'refused' });
});

test('names that somebody else holds are refused before anything is made, with who holds them', () => {
  const byStack = planSetup(
    [wanted('events')],
    facts({ taken: [{ what: 'event bus Serverlesspresso', stack: 'aws-workshop-core' }] }),
  );
  expect(byStack.trouble[0]?.sentence).toContain('aws-workshop-core');
  expect(byStack.trouble[0]?.hint).toContain('--aws-hosted');
  const byHand = planSetup([wanted('events')], facts({ taken: [{ what: 'event bus Serverlesspresso' }] }));
  expect(byHand.trouble[0]?.sentence).toContain('made by hand');
});

test('names held by our own stacks are no trouble', () => {
  const plan = planSetup(
    [wanted('events'), wanted('config')],
    facts({
      stacks: [stack('events', 'CREATE_COMPLETE')],
      taken: [{ what: 'event bus Serverlesspresso', stack: 'serverlesspresso-events' }],
    }),
  );
  expect(plan.trouble).toEqual([]);
});

test('a full quota and a Region without a service are refused, low concurrency is a warning', () => {
  const full = planSetup([wanted('events')], facts({ logPolicies: { count: 10, names: [] } }));
  expect(full.trouble[0]).toMatchObject({ severity: 'refused' });
  const region = planSetup([wanted('events')], facts({ missingServices: ['AWS IoT Core'] }));
  expect(region.trouble[0]?.sentence).toBe('The Region us-east-1 does not have AWS IoT Core.');
  const low = planSetup([wanted('events')], facts({ lambdaConcurrency: 10 }));
  expect(low.trouble.map(({ severity }) => severity)).toEqual(['warning']);
});

test('stacks that StackSets made are kept as they are, and left to their sets where they are not', () => {
  const plan = (found: StackFound[], engine?: 'stack sets') =>
    planSetup([wanted('events'), wanted('config', ['events'])], facts({ stacks: found }), engine).steps.map(
      ({ action }) => action,
    );
  const whole = ofASet('events', 'CREATE_COMPLETE');
  expect(plan([whole, ofASet('config', 'UPDATE_COMPLETE')])).toEqual(['keep', 'keep']);
  expect(plan([whole, ofASet('config', 'CREATE_COMPLETE', { body: 'older' })])).toEqual(['keep', 'refuse']);
  expect(plan([whole, ofASet('config', 'UPDATE_ROLLBACK_FAILED')])).toEqual(['keep', 'refuse']);
  // One of presso's own beside them would hold the names that the set wants.
  expect(plan([whole])).toEqual(['keep', 'refuse']);
  // The sets' own engine sees to all of that, but takes nothing over from the other.
  expect(plan([ofASet('events', 'CREATE_COMPLETE', { body: 'older' })], 'stack sets')).toEqual(['keep', 'create']);
  expect(plan([stack('events', 'CREATE_COMPLETE')], 'stack sets')).toEqual(['refuse', 'create']);
});

test('module 4 goes on top of a core that StackSets made', () => {
  const module4 = { ...wanted('metrics-table'), module: 'module-4' };
  const { steps } = planSetup([module4], facts({ stacks: [ofASet('events', 'CREATE_COMPLETE')] }));
  expect(steps.map(({ action }) => action)).toEqual(['create']);
});
