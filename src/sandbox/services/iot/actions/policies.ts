/** IoT policies with up to five versions (AWS IoT API Reference: CreatePolicy and its like). */
import { ServiceError } from '../../../errors.ts';
import { boolean, must, page } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import {
  invalidMarker,
  nameField,
  onPolicy,
  PAGE,
  paging,
  type PolicyRecord,
  policies,
  policyArn,
  policyNamed,
  read,
  tagsField,
  versionField,
} from '../records.ts';

const MOST_VERSIONS = 5;
/** AWS IoT Core security quotas: characters of a policy, white space not counted. */
const LARGEST_POLICY = 2048;
/** DetachPolicy: "it can take up to five minutes after a policy is detached before it's ready to be deleted." */
const DETACHING = 5 * 60_000;

const documentField = () => must.text({ max: 404_600 });

function checkDocument(text: string): void {
  const malformed = (reason: string): ServiceError =>
    new ServiceError('MalformedPolicyException', `Policy document is Malformed: ${reason}`, 400);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw malformed('it is not valid JSON');
  }
  if (text.replace(/\s/g, '').length > LARGEST_POLICY)
    throw malformed(`it is larger than ${LARGEST_POLICY} characters`);
  const { Version, Statement } = (parsed ?? {}) as Record<string, unknown>;
  if (Version !== '2012-10-17' && Version !== '2008-10-17') throw malformed('its Version is not 2012-10-17');
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  for (const statement of statements as (Record<string, unknown> | undefined)[]) {
    if (!statement || typeof statement !== 'object') throw malformed('it has no Statement');
    const { Effect, Action, Resource } = statement;
    if (Effect !== 'Allow' && Effect !== 'Deny') throw malformed('a statement has no Effect');
    const actions = Array.isArray(Action) ? Action : [Action];
    if (!actions.every((action) => typeof action === 'string' && (action === '*' || /^iot:/i.test(action))))
      throw malformed('an Action is not one of IoT');
    const resources = Array.isArray(Resource) ? Resource : [Resource];
    if (
      !resources.every((resource) => typeof resource === 'string' && (resource === '*' || resource.startsWith('arn:')))
    )
      throw malformed('a Resource is not an ARN');
  }
}

function versionOut(policy: PolicyRecord, id: string): { document: string; created: number } {
  const version = policy.versions[id];
  if (!version)
    throw new ServiceError(
      'ResourceNotFoundException',
      `Policy version not found (name=${policy.name}, version=${id})`,
      404,
    );
  return version;
}

const createPolicy: Action = {
  permissions: (input, context) => [
    ...onPolicy('iot:CreatePolicy')(input, context),
    ...(input['tags'] ? onPolicy('iot:TagResource')(input, context) : []),
  ],
  run(input, context) {
    const wanted = read(input, { policyName: nameField(), policyDocument: documentField(), tags: tagsField() });
    checkDocument(wanted.policyDocument);
    const arn = policyArn(context, wanted.policyName);
    if (policies(context).has(wanted.policyName))
      throw new ServiceError(
        'ResourceAlreadyExistsException',
        `Policy cannot be created - name already exists (name=${wanted.policyName})`,
        409,
        { resourceId: wanted.policyName, resourceArn: arn },
      );
    const now = context.now();
    policies(context).put(wanted.policyName, {
      name: wanted.policyName,
      created: now,
      modified: now,
      defaultVersion: '1',
      lastVersion: 1,
      versions: { 1: { document: wanted.policyDocument, created: now } },
      targets: [],
      tags: Object.fromEntries((wanted.tags ?? []).map(({ Key, Value }) => [Key, Value ?? ''])),
    });
    return {
      policyName: wanted.policyName,
      policyArn: arn,
      policyDocument: wanted.policyDocument,
      policyVersionId: '1',
    };
  },
};

const getPolicy: Action = {
  permissions: onPolicy('iot:GetPolicy'),
  run(input, context) {
    const policy = policyNamed(context, read(input, { policyName: nameField() }).policyName);
    return {
      policyName: policy.name,
      policyArn: policyArn(context, policy.name),
      policyDocument: versionOut(policy, policy.defaultVersion).document,
      defaultVersionId: policy.defaultVersion,
      creationDate: new Date(policy.created),
      lastModifiedDate: new Date(policy.modified),
      generationId: String(policy.lastVersion),
    };
  },
};

const listPolicies: Action = {
  permissions: () => [{ action: 'iot:ListPolicies', resource: '*' }],
  run(input, context) {
    const wanted = read(input, { ...paging, ascendingOrder: boolean() });
    const found = [...policies(context).values()];
    if (wanted.ascendingOrder !== true) found.reverse();
    const { items, next } = page(found, wanted.marker, wanted.pageSize ?? PAGE, 'policies', invalidMarker);
    return {
      policies: items.map(({ name }) => ({ policyName: name, policyArn: policyArn(context, name) })),
      nextMarker: next,
    };
  },
};

const deletePolicy: Action = {
  permissions: onPolicy('iot:DeletePolicy'),
  run(input, context) {
    const policy = policyNamed(context, read(input, { policyName: nameField() }).policyName);
    if (Object.keys(policy.versions).length > 1)
      throw new ServiceError(
        'DeleteConflictException',
        `Cannot delete the policy because it has one or more policy versions attached to it (name=${policy.name})`,
        409,
      );
    if (policy.targets.length > 0 || context.now() < (policy.detached ?? -DETACHING) + DETACHING)
      throw new ServiceError(
        'DeleteConflictException',
        `The policy cannot be deleted as the policy is attached to one or more principals (name=${policy.name})`,
        409,
      );
    policies(context).delete(policy.name);
    return {};
  },
};

const createPolicyVersion: Action = {
  permissions: onPolicy('iot:CreatePolicyVersion'),
  run(input, context) {
    const wanted = read(input, { policyName: nameField(), policyDocument: documentField(), setAsDefault: boolean() });
    const policy = policyNamed(context, wanted.policyName);
    checkDocument(wanted.policyDocument);
    if (Object.keys(policy.versions).length >= MOST_VERSIONS)
      throw new ServiceError(
        'VersionsLimitExceededException',
        `The policy ${policy.name} already has the maximum number of versions (${MOST_VERSIONS})`,
        409,
      );
    const id = String(policy.lastVersion + 1);
    const now = context.now();
    policies(context).put(policy.name, {
      ...policy,
      modified: now,
      lastVersion: policy.lastVersion + 1,
      defaultVersion: wanted.setAsDefault === true ? id : policy.defaultVersion,
      versions: { ...policy.versions, [id]: { document: wanted.policyDocument, created: now } },
    });
    return {
      policyArn: policyArn(context, policy.name),
      policyDocument: wanted.policyDocument,
      policyVersionId: id,
      isDefaultVersion: wanted.setAsDefault === true,
    };
  },
};

const getPolicyVersion: Action = {
  permissions: onPolicy('iot:GetPolicyVersion'),
  run(input, context) {
    const wanted = read(input, { policyName: nameField(), policyVersionId: versionField() });
    const policy = policyNamed(context, wanted.policyName);
    const version = versionOut(policy, wanted.policyVersionId);
    return {
      policyArn: policyArn(context, policy.name),
      policyName: policy.name,
      policyDocument: version.document,
      policyVersionId: wanted.policyVersionId,
      isDefaultVersion: wanted.policyVersionId === policy.defaultVersion,
      creationDate: new Date(version.created),
      lastModifiedDate: new Date(version.created),
      generationId: wanted.policyVersionId,
    };
  },
};

const listPolicyVersions: Action = {
  permissions: onPolicy('iot:ListPolicyVersions'),
  run(input, context) {
    const policy = policyNamed(context, read(input, { policyName: nameField() }).policyName);
    return {
      policyVersions: Object.entries(policy.versions)
        .sort(([a], [b]) => Number(b) - Number(a))
        .map(([id, { created }]) => ({
          versionId: id,
          isDefaultVersion: id === policy.defaultVersion,
          createDate: new Date(created),
        })),
    };
  },
};

const deletePolicyVersion: Action = {
  permissions: onPolicy('iot:DeletePolicyVersion'),
  run(input, context) {
    const wanted = read(input, { policyName: nameField(), policyVersionId: versionField() });
    const policy = policyNamed(context, wanted.policyName);
    versionOut(policy, wanted.policyVersionId);
    if (wanted.policyVersionId === policy.defaultVersion)
      throw new ServiceError(
        'DeleteConflictException',
        `Cannot delete the default version of a policy (policyName=${policy.name})`,
        409,
      );
    const { [wanted.policyVersionId]: _gone, ...versions } = policy.versions;
    policies(context).put(policy.name, { ...policy, versions, modified: context.now() });
    return {};
  },
};

const setDefaultPolicyVersion: Action = {
  permissions: onPolicy('iot:SetDefaultPolicyVersion'),
  run(input, context) {
    const wanted = read(input, { policyName: nameField(), policyVersionId: versionField() });
    const policy = policyNamed(context, wanted.policyName);
    versionOut(policy, wanted.policyVersionId);
    policies(context).put(policy.name, {
      ...policy,
      defaultVersion: wanted.policyVersionId,
      modified: context.now(),
    });
    return {};
  },
};

export const policyActions: Record<string, Action> = {
  CreatePolicy: createPolicy,
  GetPolicy: getPolicy,
  ListPolicies: listPolicies,
  DeletePolicy: deletePolicy,
  CreatePolicyVersion: createPolicyVersion,
  GetPolicyVersion: getPolicyVersion,
  ListPolicyVersions: listPolicyVersions,
  DeletePolicyVersion: deletePolicyVersion,
  SetDefaultPolicyVersion: setDefaultPolicyVersion,
};
