/** CreateStackInstances, UpdateStackInstances, DeleteStackInstances, ListStackInstances, DescribeStackInstance. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Input } from '../../../service.ts';
import { action, flag, page, text } from '../actions/input.ts';
import { invalid } from '../template/model.ts';
import type { GivenParameter } from '../template/parameters.ts';
import { answeredBefore, beginOperation } from './begin.ts';
import {
  checkTargets,
  constraint,
  filtersOf,
  needSet,
  operationIdOf,
  overridesOf,
  pageSize,
  preferencesOf,
  regionsOf,
  setRights,
} from './input.ts';
import { type InstanceRecord, instances, placeOf, type StackSetRecord } from './records.ts';
import { checkCaller } from './sets.ts';
import { meantAccounts } from './targets.ts';

const instanceNotFound = (account: string, region: string): ServiceError =>
  new ServiceError(
    'StackInstanceNotFoundException',
    `StackInstance not found: account ${account}, region ${region}`,
    404,
  );

/**
 * What was overridden before and what a request says of it (API Reference, "UpdateStackInstances"): a parameter with
 * UsePreviousValue stays, one that is not listed goes back to the set's value, no list at all leaves everything.
 */
function overridden(before: Record<string, string>, given: GivenParameter[] | undefined): Record<string, string> {
  if (given === undefined) return before;
  const after: Record<string, string> = {};
  for (const { ParameterKey, ParameterValue, UsePreviousValue } of given) {
    const value = UsePreviousValue ? before[ParameterKey] : ParameterValue;
    if (value !== undefined) after[ParameterKey] = value;
  }
  return after;
}

/** What the three operations on instances have in common. */
function changing(
  name: 'CreateStackInstances' | 'UpdateStackInstances' | 'DeleteStackInstances',
  members: string,
): Action {
  const kind = name === 'CreateStackInstances' ? 'CREATE' : name === 'UpdateStackInstances' ? 'UPDATE' : 'DELETE';
  return action(
    `StackSetName Accounts DeploymentTargets Regions OperationPreferences OperationId CallAs ${members}`,
    setRights(name, true),
    async (input, context) => {
      const set = needSet(context, input);
      const delegated = await checkCaller(input, context);
      const id = operationIdOf(input, context);
      const fingerprint = JSON.stringify([kind, input]);
      if (answeredBefore(context, set, id, fingerprint)) return { OperationId: id };
      const targets = checkTargets(input, set);
      if (kind === 'CREATE' && targets.filter === 'UNION')
        throw invalid('UNION is not supported as AccountFilterType for CreateStackInstances');
      if (kind === 'CREATE' && set.permissionModel === 'SERVICE_MANAGED' && targets.units.length === 0)
        throw invalid('StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target');
      const regions = regionsOf(input);
      if (regions.length === 0) throw invalid('Regions list cannot be empty');
      if (targets.accounts.length === 0 && targets.units.length === 0) throw invalid('Accounts list cannot be empty');
      const preferences = preferencesOf(input, regions);
      const retainStacks = kind === 'DELETE' ? retainOf(input) : undefined;
      const given = kind === 'DELETE' ? undefined : overridesOf(input, set);
      const meant = await meantAccounts(context, set, targets, delegated);
      // Somebody else's request may have begun one while Organizations was asked.
      if (answeredBefore(context, set, id, fingerprint)) return { OperationId: id };
      const table = instances(context, set.id);
      const wanted = regions.flatMap((region) => meant.map((one) => ({ ...one, region })));
      if (kind === 'UPDATE')
        for (const { account, region } of wanted)
          if (!table.has(placeOf(account, region))) throw instanceNotFound(account, region);
      const places = kind === 'DELETE' ? wanted.filter((one) => table.has(placeOf(one.account, one.region))) : wanted;
      for (const { account, region, unit } of places) {
        const place = placeOf(account, region);
        const there = table.get(place);
        table.put(place, {
          ...(there ?? { account, region, status: 'OUTDATED' }),
          // What could not be deleted is no longer anybody's to update.
          status:
            there?.status === 'INOPERABLE'
              ? 'INOPERABLE'
              : kind === 'DELETE'
                ? (there?.status ?? 'OUTDATED')
                : 'OUTDATED',
          overrides: overridden(there?.overrides ?? {}, given),
          detailed: 'PENDING',
          reason: undefined,
          lastOperationId: id,
          unit: unit ?? there?.unit,
        });
      }
      beginOperation(
        context,
        set,
        {
          id,
          action: kind,
          fingerprint,
          preferences,
          ...(retainStacks === undefined ? {} : { retainStacks }),
          targets: set.permissionModel === 'SERVICE_MANAGED' ? targets : undefined,
        },
        places,
      );
      return { OperationId: id };
    },
  );
}

function retainOf(input: Input): boolean {
  const retain = flag(input, 'RetainStacks');
  if (retain === undefined) throw constraint(null, 'retainStacks', 'Member must not be null');
  return retain;
}

function summary(set: StackSetRecord, instance: InstanceRecord): Record<string, unknown> {
  return {
    StackSetId: set.id,
    Region: instance.region,
    Account: instance.account,
    StackId: instance.stackId,
    Status: instance.status,
    StatusReason: instance.reason,
    StackInstanceStatus: { DetailedStatus: instance.detailed },
    OrganizationalUnitId: instance.unit ?? '',
    DriftStatus: 'NOT_CHECKED',
    LastOperationId: instance.lastOperationId,
  };
}

const listStackInstances: Action = action(
  'StackSetName NextToken MaxResults Filters StackInstanceAccount StackInstanceRegion CallAs',
  setRights('ListStackInstances'),
  async (input, context) => {
    const set = needSet(context, input);
    await checkCaller(input, context);
    const account = text(input, 'StackInstanceAccount');
    const region = text(input, 'StackInstanceRegion');
    const filters = filtersOf(input, ['DETAILED_STATUS', 'LAST_OPERATION_ID', 'DRIFT_STATUS']);
    const fits = (instance: InstanceRecord): boolean =>
      filters.every(({ name, value }) =>
        name === 'DETAILED_STATUS'
          ? instance.detailed === value
          : name === 'LAST_OPERATION_ID'
            ? instance.lastOperationId === value
            : value === 'NOT_CHECKED',
      );
    const all = [...instances(context, set.id).values()]
      .filter((one) => account === undefined || one.account === account)
      .filter((one) => region === undefined || one.region === region)
      .filter(fits);
    const { items, NextToken } = page(all, input, pageSize(input), (one) => placeOf(one.account, one.region));
    return { Summaries: items.map((one) => summary(set, one)), NextToken };
  },
);

const describeStackInstance: Action = action(
  'StackSetName StackInstanceAccount StackInstanceRegion CallAs',
  setRights('DescribeStackInstance'),
  async (input, context) => {
    const set = needSet(context, input);
    await checkCaller(input, context);
    const account = text(input, 'StackInstanceAccount');
    const region = text(input, 'StackInstanceRegion');
    if (account === undefined) throw constraint(null, 'stackInstanceAccount', 'Member must not be null');
    if (region === undefined) throw constraint(null, 'stackInstanceRegion', 'Member must not be null');
    const found = instances(context, set.id).get(placeOf(account, region));
    if (!found) throw instanceNotFound(account, region);
    return {
      StackInstance: {
        ...summary(set, found),
        ParameterOverrides: Object.entries(found.overrides).map(([ParameterKey, ParameterValue]) => ({
          ParameterKey,
          ParameterValue,
        })),
      },
    };
  },
);

export const instanceActions: Record<string, Action> = {
  CreateStackInstances: changing('CreateStackInstances', 'ParameterOverrides'),
  UpdateStackInstances: changing('UpdateStackInstances', 'ParameterOverrides'),
  DeleteStackInstances: changing('DeleteStackInstances', 'RetainStacks'),
  ListStackInstances: listStackInstances,
  DescribeStackInstance: describeStackInstance,
};
