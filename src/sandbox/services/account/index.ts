/** AWS Account Management: which Regions an account has enabled. Touches only the account's records. */
import { ServiceError } from '../../errors.ts';
import { integer, list, must, page, readMembers, type Shape, text } from '../../members.ts';
import { DEFAULT_REGIONS, OPT_IN_REGIONS, optedRegions, type RegionRecord } from '../../regions.ts';
import type { Action, Context, Input, Permission, Service } from '../../service.ts';

type Status = RegionRecord['status'] | 'ENABLED_BY_DEFAULT';

const REGIONS = [...DEFAULT_REGIONS, ...OPT_IN_REGIONS].sort();
const STATUSES = ['ENABLED', 'ENABLING', 'DISABLING', 'DISABLED', 'ENABLED_BY_DEFAULT'] as const;

const statusOf = (context: Context, name: string): Status =>
  OPT_IN_REGIONS.has(name) ? (optedRegions(context.store).get(name)?.status ?? 'DISABLED') : 'ENABLED_BY_DEFAULT';

const on =
  (action: string) =>
  (input: Input, context: Context): Permission[] => [
    {
      action: `account:${action}`,
      resource: `arn:aws:account::${context.account}:account`,
      ...(input['RegionName'] === undefined
        ? {}
        : { context: { 'account:TargetRegion': String(input['RegionName']) } }),
    },
  ];

const read = <S extends Shape>(input: Input, shape: S) => readMembers(input, shape);
const regionName = { RegionName: must.text({ min: 1, max: 50 }) };

function known(name: string): string {
  if (!REGIONS.includes(name)) throw new ServiceError('ValidationException', `${name} is not a Region.`, 400);
  return name;
}

const listRegions: Action = {
  permissions: on('ListRegions'),
  run(input, context) {
    const wanted = read(input, {
      MaxResults: integer({ min: 1, max: 50 }),
      NextToken: text({ max: 1000 }),
      RegionOptStatusContains: list(must.text({ oneOf: STATUSES })),
    });
    const asked = new Set<Status>(wanted.RegionOptStatusContains ?? []);
    const all = REGIONS.map((RegionName) => ({ RegionName, RegionOptStatus: statusOf(context, RegionName) })).filter(
      ({ RegionOptStatus }) => asked.size === 0 || asked.has(RegionOptStatus),
    );
    const found = page(
      all,
      wanted.NextToken,
      wanted.MaxResults ?? 20,
      `regions ${[...asked].sort().join(' ')}`,
      () => new ServiceError('ValidationException', 'The NextToken is not valid.', 400),
    );
    return { Regions: found.items, NextToken: found.next };
  },
};

const getStatus: Action = {
  permissions: on('GetRegionOptStatus'),
  run(input, context) {
    const name = known(read(input, regionName).RegionName);
    return { RegionName: name, RegionOptStatus: statusOf(context, name) };
  },
};

/** Turning a Region on or off takes a while, during which it can be neither. */
const turn = (action: string, during: 'ENABLING' | 'DISABLING'): Action => ({
  permissions: on(action),
  run(input, context) {
    const name = known(read(input, regionName).RegionName);
    const status = statusOf(context, name);
    const end = during === 'ENABLING' ? 'ENABLED' : 'DISABLED';
    if (status === 'ENABLED_BY_DEFAULT') {
      if (during === 'ENABLING') return {};
      throw new ServiceError('ValidationException', `${name} is enabled by default and cannot be disabled.`, 400);
    }
    if (status === 'ENABLING' || status === 'DISABLING') {
      if (status === during) return {};
      throw new ServiceError('ConflictException', `${name} is in the status ${status}.`, 409);
    }
    if (status === end) return {};
    optedRegions(context.store).put(name, { name, status: during });
    finish(context, name);
    return {};
  },
});

function finish(context: Context, name: string): void {
  context.world.background(`turning ${name} on or off`, async () => {
    await context.world.pause();
    const status = optedRegions(context.store).get(name)?.status;
    if (status === 'ENABLING') optedRegions(context.store).put(name, { name, status: 'ENABLED' });
    if (status === 'DISABLING') optedRegions(context.store).put(name, { name, status: 'DISABLED' });
  });
}

const post = (path: string, action: string) => ({ method: 'POST', path, action });

export const account: Service = {
  name: 'account',
  protocol: 'rest-json',
  global: true,
  routes: [
    post('/listRegions', 'ListRegions'),
    post('/getRegionOptStatus', 'GetRegionOptStatus'),
    post('/enableRegion', 'EnableRegion'),
    post('/disableRegion', 'DisableRegion'),
  ],
  actions: {
    ListRegions: listRegions,
    GetRegionOptStatus: getStatus,
    EnableRegion: turn('EnableRegion', 'ENABLING'),
    DisableRegion: turn('DisableRegion', 'DISABLING'),
  },
  wakeOn: ['regions'],
  wake(context) {
    for (const { name, status } of [...optedRegions(context.store).values()])
      if (status === 'ENABLING' || status === 'DISABLING') finish(context, name);
  },
};
