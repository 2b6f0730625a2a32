/** CreateStackSet, UpdateStackSet, DeleteStackSet, DescribeStackSet, ListStackSets. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input } from '../../../service.ts';
import { action, checkToken, page, parametersOf, shownTags, tagsOf, text, texts } from '../actions/input.ts';
import { checkCapabilities, templateText } from '../actions/wish.ts';
import { readTemplate } from '../engine/scope.ts';
import { invalid } from '../template/model.ts';
import { parameterTexts } from '../template/parameters.ts';
import { answeredBefore, beginOperation } from './begin.ts';
import { ADMINISTRATION_ROLE, EXECUTION_ROLE } from './enter.ts';
import {
  autoDeploymentOf,
  checkDescription,
  checkName,
  checkTargets,
  constraint,
  findSet,
  managedOf,
  needSet,
  notFound,
  oneOf,
  operationIdOf,
  pageSize,
  preferencesOf,
  regionsOf,
  rolesOf,
  setArn,
  setRights,
} from './input.ts';
import { instances, patchInstance, placeOf, type StackSetRecord, stackSets, underWay } from './records.ts';
import { insistOnOrganization, meantAccounts } from './targets.ts';

/** Does the caller act as a delegated administrator, as it says by `CallAs`? */
export async function checkCaller(input: Input, context: Context): Promise<boolean> {
  const delegated = oneOf(input, 'CallAs', ['SELF', 'DELEGATED_ADMIN']) === 'DELEGATED_ADMIN';
  if (delegated) await insistOnOrganization(context, true);
  return delegated;
}

const createStackSet: Action = action(
  'StackSetName Description TemplateBody TemplateURL Parameters Capabilities Tags AdministrationRoleARN ExecutionRoleName PermissionModel AutoDeployment CallAs ClientRequestToken ManagedExecution',
  setRights('CreateStackSet'),
  async (input, context) => {
    const name = checkName(input);
    const token = checkToken(input);
    const delegated = await checkCaller(input, context);
    const there = findSet(context, name);
    if (there?.status === 'ACTIVE') {
      if (token !== undefined && there.token === token) return { StackSetId: there.id };
      throw new ServiceError('NameAlreadyExistsException', `StackSet ${name} already exists`, 409);
    }
    const permissionModel = oneOf(input, 'PermissionModel', ['SELF_MANAGED', 'SERVICE_MANAGED']) ?? 'SELF_MANAGED';
    const autoDeployment = autoDeploymentOf(input);
    if (permissionModel === 'SELF_MANAGED' && autoDeployment)
      throw invalid('AutoDeployment is not supported for StackSets with SELF_MANAGED permission model');
    if (permissionModel === 'SERVICE_MANAGED') {
      if (!autoDeployment)
        throw invalid('AutoDeployment should be specified for StackSets with SERVICE_MANAGED permission model');
      await insistOnOrganization(context, delegated);
    }
    const description = checkDescription(input);
    const templateBody = templateText(input, undefined);
    const template = readTemplate(templateBody);
    const parameters = parameterTexts(template, parametersOf(input), {});
    const capabilities = texts(input, 'Capabilities');
    checkCapabilities(template, capabilities);
    const set: StackSetRecord = {
      id: `${name}:${context.world.uuid()}`,
      name,
      description: description ?? template.description,
      status: 'ACTIVE',
      templateBody,
      parameters,
      capabilities,
      tags: tagsOf(input) ?? {},
      permissionModel,
      ...rolesOf(input, permissionModel),
      autoDeployment,
      managedExecution: managedOf(input) ?? false,
      token,
    };
    stackSets(context).put(set.id, set);
    return { StackSetId: set.id };
  },
);

const updateStackSet: Action = action(
  'StackSetName Description TemplateBody TemplateURL UsePreviousTemplate Parameters Capabilities Tags OperationPreferences AdministrationRoleARN ExecutionRoleName DeploymentTargets PermissionModel AutoDeployment OperationId Accounts Regions CallAs ManagedExecution',
  setRights('UpdateStackSet', true),
  async (input, context) => {
    const set = needSet(context, input);
    const delegated = await checkCaller(input, context);
    const id = operationIdOf(input, context);
    const fingerprint = JSON.stringify(['UPDATE_SET', input]);
    if (answeredBefore(context, set, id, fingerprint)) return { OperationId: id };
    const model = oneOf(input, 'PermissionModel', ['SELF_MANAGED', 'SERVICE_MANAGED']);
    if (model !== undefined && model !== set.permissionModel && instances(context, set.id).size > 0)
      throw invalid('PermissionModel cannot be changed while the StackSet has stack instances');
    const targets = checkTargets(input, set);
    const regions = regionsOf(input);
    const named = targets.accounts.length + targets.units.length > 0;
    if (named !== regions.length > 0)
      throw invalid('If you specify accounts or targets, you must also specify Regions, and the other way round.');
    if (named && typeof input['AutoDeployment'] === 'object')
      throw invalid('You cannot specify AutoDeployment together with DeploymentTargets or Regions');
    const preferences = preferencesOf(input, regions);
    const templateBody = templateText(input, set.templateBody);
    const template = readTemplate(templateBody);
    const parameters = parameterTexts(template, parametersOf(input), set.parameters);
    const capabilities = texts(input, 'Capabilities');
    checkCapabilities(template, capabilities);
    const description = checkDescription(input);
    const meant = named ? await meantAccounts(context, set, targets, delegated) : [];
    // Somebody else's request may have begun one while Organizations was asked.
    if (answeredBefore(context, set, id, fingerprint)) return { OperationId: id };
    const places = named
      ? regions.flatMap((region) => meant.map((one) => ({ ...one, region })))
      : [...instances(context, set.id).values()].map(({ account, region, unit }) => ({ account, region, unit }));
    const missing = named
      ? places.find(({ account, region }) => !instances(context, set.id).has(placeOf(account, region)))
      : undefined;
    if (missing)
      throw new ServiceError(
        'StackInstanceNotFoundException',
        `StackInstance not found: account ${missing.account}, region ${missing.region}`,
        404,
      );
    stackSets(context).put(set.id, {
      ...set,
      ...(description === undefined ? {} : { description }),
      templateBody,
      parameters,
      capabilities,
      tags: tagsOf(input) ?? set.tags,
      permissionModel: model ?? set.permissionModel,
      ...rolesOf(input, model ?? set.permissionModel, set),
      autoDeployment: autoDeploymentOf(input) ?? set.autoDeployment,
      managedExecution: managedOf(input) ?? set.managedExecution,
    });
    const now = stackSets(context).get(set.id) ?? set;
    for (const { account, region, status } of [...instances(context, set.id).values()])
      if (status !== 'INOPERABLE')
        patchInstance(context, set.id, placeOf(account, region), { status: 'OUTDATED', detailed: 'PENDING' });
    const able = places.filter(
      ({ account, region }) => instances(context, set.id).get(placeOf(account, region))?.status !== 'INOPERABLE',
    );
    for (const { account, region } of able)
      patchInstance(context, set.id, placeOf(account, region), { lastOperationId: id });
    beginOperation(
      context,
      now,
      { id, action: 'UPDATE', fingerprint, preferences, targets: targets.units.length > 0 ? targets : undefined },
      able,
    );
    return { OperationId: id };
  },
);

const deleteStackSet: Action = action('StackSetName CallAs', setRights('DeleteStackSet'), async (input, context) => {
  const name = text(input, 'StackSetName');
  if (name === undefined) throw constraint(null, 'stackSetName', 'Member must not be null');
  await checkCaller(input, context);
  const set = findSet(context, name);
  // Deleting what is gone is no error (API Reference, "DeleteStackSet" knows no StackSetNotFound).
  if (!set || set.status === 'DELETED') return undefined;
  if (instances(context, set.id).size > 0)
    throw new ServiceError('StackSetNotEmptyException', 'StackSet is not empty', 409);
  const busy = underWay(context).get(set.id);
  if (busy !== undefined)
    throw new ServiceError(
      'OperationInProgressException',
      `Another Operation on StackSet ${setArn(context, set)} is in progress: ${busy}`,
      409,
    );
  stackSets(context).put(set.id, { ...set, status: 'DELETED' });
  return undefined;
});

const shownManagement = (set: StackSetRecord): Record<string, unknown> => ({
  PermissionModel: set.permissionModel,
  AutoDeployment: set.autoDeployment && {
    Enabled: set.autoDeployment.enabled,
    RetainStacksOnAccountRemoval: set.autoDeployment.retain,
  },
  ManagedExecution: { Active: set.managedExecution },
});

const describeStackSet: Action = action(
  'StackSetName CallAs',
  setRights('DescribeStackSet'),
  async (input, context) => {
    await checkCaller(input, context);
    const name = text(input, 'StackSetName');
    if (name === undefined) throw constraint(null, 'stackSetName', 'Member must not be null');
    const set = findSet(context, name);
    if (!set) throw notFound(name);
    const self = set.permissionModel === 'SELF_MANAGED';
    const definitions = readTemplate(set.templateBody).parameters;
    const all = [...instances(context, set.id).values()];
    return {
      StackSet: {
        StackSetName: set.name,
        StackSetId: set.id,
        Description: set.description,
        Status: set.status,
        TemplateBody: set.templateBody,
        Parameters: Object.entries(set.parameters).map(([ParameterKey, value]) => ({
          ParameterKey,
          ParameterValue: definitions[ParameterKey]?.NoEcho ? '****' : value,
        })),
        Capabilities: set.capabilities,
        Tags: shownTags(set.tags),
        StackSetARN: setArn(context, set),
        AdministrationRoleARN: self
          ? (set.administrationRoleArn ?? `arn:aws:iam::${context.account}:role/${ADMINISTRATION_ROLE}`)
          : undefined,
        ExecutionRoleName: self ? (set.executionRoleName ?? EXECUTION_ROLE) : undefined,
        ...shownManagement(set),
        OrganizationalUnitIds: [...new Set(all.flatMap(({ unit }) => unit ?? []))],
        Regions: [...new Set(all.map(({ region }) => region))],
        StackSetDriftDetectionDetails: {
          DriftStatus: 'NOT_CHECKED',
          TotalStackInstancesCount: 0,
          DriftedStackInstancesCount: 0,
          InSyncStackInstancesCount: 0,
          InProgressStackInstancesCount: 0,
          FailedStackInstancesCount: 0,
        },
      },
    };
  },
);

const listStackSets: Action = action(
  'NextToken MaxResults Status CallAs',
  (_input, context) => [{ action: 'cloudformation:ListStackSets', resource: context.arn('stackset/*') }],
  async (input, context) => {
    await checkCaller(input, context);
    const status = oneOf(input, 'Status', ['ACTIVE', 'DELETED']);
    const all = [...stackSets(context).values()].filter((set) => status === undefined || set.status === status);
    const { items, NextToken } = page(all, input, pageSize(input), (set) => set.id);
    return {
      Summaries: items.map((set) => ({
        StackSetName: set.name,
        StackSetId: set.id,
        Description: set.description,
        Status: set.status,
        DriftStatus: 'NOT_CHECKED',
        ...shownManagement(set),
      })),
      NextToken,
    };
  },
);

export const setActions: Record<string, Action> = {
  CreateStackSet: createStackSet,
  UpdateStackSet: updateStackSet,
  DeleteStackSet: deleteStackSet,
  DescribeStackSet: describeStackSet,
  ListStackSets: listStackSets,
};
