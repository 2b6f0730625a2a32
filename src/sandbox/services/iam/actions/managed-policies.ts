/** Managed policies of the account, with up to five versions each; AWS's own can be read. */
import { ServiceError } from '../../../errors.ts';
import type { ManagedPolicyRecord } from '../../../iam-records.ts';
import { AWS_MANAGED_POLICIES } from '../../../managed-policies.ts';
import { boolean, must, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { checkPolicyDocument } from '../policy-document.ts';
import {
  arn,
  attachmentCount,
  boundaryCount,
  deleteConflict,
  description,
  document,
  encodeDocument,
  findPolicy,
  isAwsManaged,
  limitExceeded,
  mergeTags,
  name,
  newId,
  noSuchEntity,
  onAccount,
  onPolicy,
  paged,
  paging,
  path,
  pathPrefix,
  policies,
  policyOut,
  read,
  tagList,
  tagsOut,
} from '../records.ts';

const LARGEST_POLICY = 6144;
const MOST_VERSIONS = 5;
const versionId = () => must.text({ pattern: /v[1-9][0-9]*(?:\.[A-Za-z0-9-]*)?/ });

function checkDocument(text: string): void {
  checkPolicyDocument(text, 'identity');
  if (text.replace(/\s/g, '').length > LARGEST_POLICY)
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${LARGEST_POLICY}`);
}

function policyAt(context: Context, policyArn: string): ManagedPolicyRecord {
  if (!/^arn:aws:iam::(?:aws|\d{12}):policy\/.+$/.test(policyArn))
    throw new ServiceError('InvalidInput', `ARN ${policyArn} is not valid.`, 400);
  const policy = findPolicy(context, policyArn);
  if (!policy) throw noSuchEntity(`Policy ${policyArn} was not found.`);
  return policy;
}

function ownPolicyAt(context: Context, policyArn: string): ManagedPolicyRecord {
  const policy = policyAt(context, policyArn);
  if (isAwsManaged(policyArn))
    throw new ServiceError('AccessDenied', `Policy ${policyArn} is managed by AWS and cannot be changed.`, 403);
  return policy;
}

const createPolicy: Action = {
  permissions(input, context) {
    const resource = context.arn(`policy${input['Path'] ?? '/'}${String(input['PolicyName'] ?? '')}`);
    const tagging = input['Tags'] ? [{ action: 'iam:TagPolicy', resource }] : [];
    return [{ action: 'iam:CreatePolicy', resource }, ...tagging];
  },
  run(input, context) {
    const wanted = read(input, {
      PolicyName: name(128),
      Path: path(),
      PolicyDocument: document(),
      Description: description(),
      Tags: tagList(),
    });
    checkDocument(wanted.PolicyDocument);
    for (const policy of policies(context).values())
      if (policy.name.toLowerCase() === wanted.PolicyName.toLowerCase())
        throw new ServiceError(
          'EntityAlreadyExists',
          `A policy called ${wanted.PolicyName} already exists. Duplicate names are not allowed.`,
          409,
        );
    const itsPath = wanted.Path ?? '/';
    const created = context.now();
    const policy: ManagedPolicyRecord = {
      name: wanted.PolicyName,
      path: itsPath,
      arn: context.arn(`policy${itsPath}${wanted.PolicyName}`),
      policyId: newId(context, 'ANPA'),
      created,
      ...(wanted.Description === undefined ? {} : { description: wanted.Description }),
      defaultVersionId: 'v1',
      versions: { v1: { document: wanted.PolicyDocument, created } },
      tags: mergeTags({}, wanted.Tags),
    };
    policies(context).put(policy.arn, policy);
    return { Policy: { ...policyOut(context, policy), ...tagged(policy) } };
  },
};

function tagged(policy: ManagedPolicyRecord): Record<string, unknown> {
  const tags = tagsOut(policy.tags);
  return tags.length > 0 ? { Tags: tags } : {};
}

const getPolicy: Action = {
  permissions: onPolicy('iam:GetPolicy'),
  run(input, context) {
    const policy = policyAt(context, read(input, { PolicyArn: arn() }).PolicyArn);
    return { Policy: { ...policyOut(context, policy), Description: policy.description, ...tagged(policy) } };
  },
};

const listPolicies: Action = {
  permissions: onAccount('iam:ListPolicies'),
  run(input, context) {
    const wanted = read(input, {
      Scope: text({ oneOf: ['All', 'AWS', 'Local'] }),
      OnlyAttached: boolean(),
      PathPrefix: pathPrefix(),
      PolicyUsageFilter: text({ oneOf: ['PermissionsPolicy', 'PermissionsBoundary'] }),
      ...paging,
    });
    const scope = wanted.Scope ?? 'All';
    const uses = (policyArn: string): number =>
      (wanted.PolicyUsageFilter === 'PermissionsBoundary' ? 0 : attachmentCount(context, policyArn)) +
      (wanted.PolicyUsageFilter === 'PermissionsPolicy' ? 0 : boundaryCount(context, policyArn));
    const own = scope === 'AWS' ? [] : [...policies(context).values()];
    const builtIn =
      scope === 'Local'
        ? []
        : Object.keys(AWS_MANAGED_POLICIES)
            .map((policyArn) => findPolicy(context, policyArn))
            .filter((policy) => policy !== undefined);
    const found = [...own, ...builtIn].filter(
      (policy) =>
        policy.path.startsWith(wanted.PathPrefix ?? '/') && (wanted.OnlyAttached !== true || uses(policy.arn) > 0),
    );
    const { items, rest } = paged(found, wanted, `policies ${scope}`);
    return { Policies: items.map((policy) => policyOut(context, policy)), ...rest };
  },
};

const deletePolicy: Action = {
  permissions: onPolicy('iam:DeletePolicy'),
  run(input, context) {
    const policy = ownPolicyAt(context, read(input, { PolicyArn: arn() }).PolicyArn);
    if (attachmentCount(context, policy.arn) + boundaryCount(context, policy.arn) > 0)
      throw deleteConflict('Cannot delete a policy attached to entities.');
    if (Object.keys(policy.versions).length > 1)
      throw deleteConflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      );
    policies(context).delete(policy.arn);
    return {};
  },
};

function versionOut(policy: ManagedPolicyRecord, id: string, withDocument: boolean): Record<string, unknown> {
  const version = policy.versions[id];
  if (!version) throw noSuchEntity(`Policy ${policy.arn} version ${id} does not exist or is not attachable.`);
  return {
    ...(withDocument ? { Document: encodeDocument(version.document) } : {}),
    VersionId: id,
    IsDefaultVersion: id === policy.defaultVersionId,
    CreateDate: new Date(version.created),
  };
}

const createPolicyVersion: Action = {
  permissions: onPolicy('iam:CreatePolicyVersion'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), PolicyDocument: document(), SetAsDefault: boolean() });
    const policy = ownPolicyAt(context, wanted.PolicyArn);
    checkDocument(wanted.PolicyDocument);
    if (Object.keys(policy.versions).length >= MOST_VERSIONS)
      throw limitExceeded(
        `A managed policy can have up to ${MOST_VERSIONS} versions. Before you create a new version, you must delete an existing version.`,
      );
    // Numbers of deleted versions are not used again, which the highest one ever given tells.
    const last = policy.lastVersion ?? Math.max(...Object.keys(policy.versions).map((id) => Number(id.slice(1))));
    const id = `v${last + 1}`;
    const changed: ManagedPolicyRecord = {
      ...policy,
      lastVersion: last + 1,
      defaultVersionId: wanted.SetAsDefault === true ? id : policy.defaultVersionId,
      versions: { ...policy.versions, [id]: { document: wanted.PolicyDocument, created: context.now() } },
    };
    policies(context).put(policy.arn, changed);
    return { PolicyVersion: versionOut(changed, id, false) };
  },
};

const getPolicyVersion: Action = {
  permissions: onPolicy('iam:GetPolicyVersion'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), VersionId: versionId() });
    return { PolicyVersion: versionOut(policyAt(context, wanted.PolicyArn), wanted.VersionId, true) };
  },
};

const listPolicyVersions: Action = {
  permissions: onPolicy('iam:ListPolicyVersions'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), ...paging });
    const policy = policyAt(context, wanted.PolicyArn);
    const ids = Object.keys(policy.versions).sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
    const { items, rest } = paged(ids, wanted, `versions ${policy.arn}`);
    return { Versions: items.map((id) => versionOut(policy, id, false)), ...rest };
  },
};

const setDefaultPolicyVersion: Action = {
  permissions: onPolicy('iam:SetDefaultPolicyVersion'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), VersionId: versionId() });
    const policy = ownPolicyAt(context, wanted.PolicyArn);
    versionOut(policy, wanted.VersionId, false);
    policies(context).put(policy.arn, { ...policy, defaultVersionId: wanted.VersionId });
    return {};
  },
};

const deletePolicyVersion: Action = {
  permissions: onPolicy('iam:DeletePolicyVersion'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), VersionId: versionId() });
    const policy = ownPolicyAt(context, wanted.PolicyArn);
    versionOut(policy, wanted.VersionId, false);
    if (wanted.VersionId === policy.defaultVersionId)
      throw deleteConflict('Cannot delete the default version of a policy.');
    const { [wanted.VersionId]: _gone, ...versions } = policy.versions;
    const last = Math.max(...Object.keys(policy.versions).map((id) => Number(id.slice(1))));
    policies(context).put(policy.arn, { ...policy, versions, lastVersion: policy.lastVersion ?? last });
    return {};
  },
};

const tagPolicy: Action = {
  permissions: onPolicy('iam:TagPolicy'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), Tags: tagList() });
    const policy = ownPolicyAt(context, wanted.PolicyArn);
    policies(context).put(policy.arn, { ...policy, tags: mergeTags(policy.tags, wanted.Tags) });
    return {};
  },
};

const untagPolicy: Action = {
  permissions: onPolicy('iam:UntagPolicy'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), TagKeys: must.list(text({ min: 1, max: 128 }), { max: 50 }) });
    const policy = ownPolicyAt(context, wanted.PolicyArn);
    const gone = new Set(wanted.TagKeys.map((key) => key.toLowerCase()));
    const tags = Object.fromEntries(Object.entries(policy.tags).filter(([key]) => !gone.has(key.toLowerCase())));
    policies(context).put(policy.arn, { ...policy, tags });
    return {};
  },
};

const listPolicyTags: Action = {
  permissions: onPolicy('iam:ListPolicyTags'),
  run(input, context) {
    const wanted = read(input, { PolicyArn: arn(), ...paging });
    const policy = policyAt(context, wanted.PolicyArn);
    const { items, rest } = paged(tagsOut(policy.tags), wanted, `tags of ${policy.arn}`);
    return { Tags: items, ...rest };
  },
};

export const managedPolicyActions: Record<string, Action> = {
  CreatePolicy: createPolicy,
  GetPolicy: getPolicy,
  ListPolicies: listPolicies,
  DeletePolicy: deletePolicy,
  CreatePolicyVersion: createPolicyVersion,
  GetPolicyVersion: getPolicyVersion,
  ListPolicyVersions: listPolicyVersions,
  SetDefaultPolicyVersion: setDefaultPolicyVersion,
  DeletePolicyVersion: deletePolicyVersion,
  TagPolicy: tagPolicy,
  UntagPolicy: untagPolicy,
  ListPolicyTags: listPolicyTags,
};
