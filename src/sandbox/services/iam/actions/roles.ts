/** Roles: make, read, change, tag, delete (IAM API Reference: CreateRole and its like). */
import { ServiceError } from '../../../errors.ts';
import type { RoleRecord } from '../../../iam-records.ts';
import { integer, must, text } from '../../../members.ts';
import type { Action, Context } from '../../../service.ts';
import { checkPolicyDocument, rolesNamedIn } from '../policy-document.ts';
import {
  arn,
  deleteConflict,
  description,
  document,
  findPolicy,
  limitExceeded,
  mergeTags,
  name,
  newId,
  noSuchEntity,
  onAccount,
  onRole,
  paged,
  paging,
  path,
  pathPrefix,
  putRole,
  read,
  roleNamed,
  roleOut,
  roles,
  tagList,
  tagsOut,
} from '../records.ts';

const LARGEST_TRUST_POLICY = 2048;
const LARGEST_TAG_COUNT = 50;

function checkTrustPolicy(context: Context, trustPolicy: string): void {
  checkPolicyDocument(trustPolicy, 'trust');
  if (trustPolicy.replace(/\s/g, '').length > LARGEST_TRUST_POLICY)
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${LARGEST_TRUST_POLICY}`);
  const own = `arn:aws:iam::${context.account}:role/`;
  for (const arn of rolesNamedIn(trustPolicy))
    if (arn.startsWith(own) && roles(context).get(arn.split('/').at(-1) ?? '')?.arn !== arn)
      throw new ServiceError('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`, 400);
}

const createRole: Action = {
  permissions: onRole('iam:CreateRole'),
  run(input, context) {
    const wanted = read(input, {
      RoleName: name(64),
      Path: path(),
      AssumeRolePolicyDocument: document(),
      Description: description(),
      MaxSessionDuration: integer({ min: 3600, max: 43_200 }),
      PermissionsBoundary: text({ min: 20, max: 2048 }),
      Tags: tagList(),
    });
    const lower = wanted.RoleName.toLowerCase();
    for (const role of roles(context).values())
      if (role.name.toLowerCase() === lower)
        throw new ServiceError('EntityAlreadyExists', `Role with name ${wanted.RoleName} already exists.`, 409);
    checkTrustPolicy(context, wanted.AssumeRolePolicyDocument);
    if (wanted.PermissionsBoundary !== undefined) checkBoundary(context, wanted.PermissionsBoundary);
    if (roles(context).size >= 1000) throw limitExceeded('Cannot exceed quota for RolesPerAccount: 1000');
    const itsPath = wanted.Path ?? '/';
    const role: RoleRecord = {
      name: wanted.RoleName,
      path: itsPath,
      arn: context.arn(`role${itsPath}${wanted.RoleName}`),
      roleId: newId(context, 'AROA'),
      created: context.now(),
      ...(wanted.Description === undefined ? {} : { description: wanted.Description }),
      maxSessionDuration: wanted.MaxSessionDuration ?? 3600,
      trustPolicy: wanted.AssumeRolePolicyDocument,
      inlinePolicies: {},
      attachedPolicies: [],
      ...(wanted.PermissionsBoundary === undefined ? {} : { permissionsBoundary: wanted.PermissionsBoundary }),
      tags: mergeTags({}, wanted.Tags),
    };
    putRole(context, role);
    return { Role: { ...roleOut(role), MaxSessionDuration: undefined, ...tagged(role) } };
  },
};

/** What CreateRole and GetRole show beyond what lists show. */
function tagged(role: RoleRecord): Record<string, unknown> {
  const tags = tagsOut(role.tags);
  return {
    ...(role.permissionsBoundary === undefined
      ? {}
      : {
          PermissionsBoundary: {
            PermissionsBoundaryType: 'Policy',
            PermissionsBoundaryArn: role.permissionsBoundary,
          },
        }),
    ...(tags.length > 0 ? { Tags: tags } : {}),
  };
}

function checkBoundary(context: Context, policyArn: string): void {
  if (!/^arn:aws:iam::(?:aws|\d{12}):policy\/.+$/.test(policyArn))
    throw new ServiceError(
      'ValidationError',
      `Value (${policyArn}) failed validation for the parameter PermissionsBoundary: it is not the ARN of a policy.`,
      400,
    );
  if (!findPolicy(context, policyArn))
    throw noSuchEntity(`Scope ARN: ${policyArn} does not exist or is not attachable.`);
}

const putRolePermissionsBoundary: Action = {
  permissions: onRole('iam:PutRolePermissionsBoundary', (input) => ({
    'iam:PermissionsBoundary': String(input['PermissionsBoundary'] ?? ''),
  })),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PermissionsBoundary: arn() });
    const role = roleNamed(context, wanted.RoleName);
    checkBoundary(context, wanted.PermissionsBoundary);
    putRole(context, { ...role, permissionsBoundary: wanted.PermissionsBoundary });
    return {};
  },
};

const deleteRolePermissionsBoundary: Action = {
  permissions: onRole('iam:DeleteRolePermissionsBoundary'),
  run(input, context) {
    const { permissionsBoundary, ...role } = roleNamed(context, read(input, { RoleName: name(64) }).RoleName);
    if (permissionsBoundary === undefined)
      throw noSuchEntity(`The role ${role.name} does not have a permissions boundary.`);
    putRole(context, role);
    return {};
  },
};

const getRole: Action = {
  permissions: onRole('iam:GetRole'),
  run(input, context) {
    const role = roleNamed(context, read(input, { RoleName: name(64) }).RoleName);
    return { Role: { ...roleOut(role), ...tagged(role), RoleLastUsed: {} } };
  },
};

const listRoles: Action = {
  permissions: onAccount('iam:ListRoles'),
  run(input, context) {
    const wanted = read(input, { PathPrefix: pathPrefix(), ...paging });
    const found = [...roles(context).values()]
      .filter((role) => role.path.startsWith(wanted.PathPrefix ?? '/'))
      .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
    const { items, rest } = paged(found, wanted, 'roles');
    return { Roles: items.map(roleOut), ...rest };
  },
};

const deleteRole: Action = {
  permissions: onRole('iam:DeleteRole'),
  run(input, context) {
    const role = roleNamed(context, read(input, { RoleName: name(64) }).RoleName);
    if (role.attachedPolicies.length > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.');
    if (Object.keys(role.inlinePolicies).length > 0)
      throw deleteConflict('Cannot delete entity, must delete policies first.');
    roles(context).delete(role.name);
    return {};
  },
};

const updateRole: Action = {
  permissions: onRole('iam:UpdateRole'),
  run(input, context) {
    const wanted = read(input, {
      RoleName: name(64),
      Description: description(),
      MaxSessionDuration: integer({ min: 3600, max: 43_200 }),
    });
    const role = roleNamed(context, wanted.RoleName);
    putRole(context, {
      ...role,
      ...(wanted.Description === undefined ? {} : { description: wanted.Description }),
      maxSessionDuration: wanted.MaxSessionDuration ?? role.maxSessionDuration,
    });
    return {};
  },
};

const updateRoleDescription: Action = {
  permissions: onRole('iam:UpdateRoleDescription'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), Description: must.text({ max: 1000 }) });
    const role = { ...roleNamed(context, wanted.RoleName), description: wanted.Description };
    putRole(context, role);
    return { Role: roleOut(role) };
  },
};

const updateAssumeRolePolicy: Action = {
  permissions: onRole('iam:UpdateAssumeRolePolicy'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PolicyDocument: document() });
    const role = roleNamed(context, wanted.RoleName);
    checkTrustPolicy(context, wanted.PolicyDocument);
    putRole(context, { ...role, trustPolicy: wanted.PolicyDocument });
    return {};
  },
};

const tagRole: Action = {
  permissions: onRole('iam:TagRole'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), Tags: tagList() });
    const role = roleNamed(context, wanted.RoleName);
    putRole(context, { ...role, tags: mergeTags(role.tags, wanted.Tags) });
    return {};
  },
};

const untagRole: Action = {
  permissions: onRole('iam:UntagRole'),
  run(input, context) {
    const wanted = read(input, {
      RoleName: name(64),
      TagKeys: must.list(text({ min: 1, max: 128 }), { max: LARGEST_TAG_COUNT }),
    });
    const role = roleNamed(context, wanted.RoleName);
    const gone = new Set(wanted.TagKeys.map((key) => key.toLowerCase()));
    const tags = Object.fromEntries(Object.entries(role.tags).filter(([key]) => !gone.has(key.toLowerCase())));
    putRole(context, { ...role, tags });
    return {};
  },
};

const listRoleTags: Action = {
  permissions: onRole('iam:ListRoleTags'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), ...paging });
    const role = roleNamed(context, wanted.RoleName);
    const { items, rest } = paged(tagsOut(role.tags), wanted, `tags of ${role.name}`);
    return { Tags: items, ...rest };
  },
};

/** There are no instance profiles in the sandbox; callers that clean up a role ask for them first. */
const listInstanceProfilesForRole: Action = {
  permissions: onRole('iam:ListInstanceProfilesForRole'),
  run(input, context) {
    roleNamed(context, read(input, { RoleName: name(64), ...paging }).RoleName);
    return { InstanceProfiles: [], IsTruncated: false };
  },
};

export const roleActions: Record<string, Action> = {
  CreateRole: createRole,
  GetRole: getRole,
  ListRoles: listRoles,
  DeleteRole: deleteRole,
  UpdateRole: updateRole,
  UpdateRoleDescription: updateRoleDescription,
  UpdateAssumeRolePolicy: updateAssumeRolePolicy,
  PutRolePermissionsBoundary: putRolePermissionsBoundary,
  DeleteRolePermissionsBoundary: deleteRolePermissionsBoundary,
  TagRole: tagRole,
  UntagRole: untagRole,
  ListRoleTags: listRoleTags,
  ListInstanceProfilesForRole: listInstanceProfilesForRole,
};
