/** What a role may do: inline policies and attached managed ones. */
import { ServiceError } from '../../../errors.ts';
import { text } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import { checkPolicyDocument } from '../policy-document.ts';
import {
  arn,
  document,
  encodeDocument,
  findPolicy,
  limitExceeded,
  name,
  noSuchEntity,
  onPolicy,
  onRole,
  paged,
  paging,
  path,
  pathPrefix,
  putRole,
  read,
  roleNamed,
  roles,
} from '../records.ts';

const LARGEST_INLINE_POLICIES = 10_240;
const MOST_ATTACHED_POLICIES = 10;

const putRolePolicy: Action = {
  permissions: onRole('iam:PutRolePolicy'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PolicyName: name(128), PolicyDocument: document() });
    const role = roleNamed(context, wanted.RoleName);
    checkPolicyDocument(wanted.PolicyDocument, 'identity');
    const inlinePolicies = { ...role.inlinePolicies, [wanted.PolicyName]: wanted.PolicyDocument };
    const size = Object.values(inlinePolicies).reduce((sum, policy) => sum + policy.replace(/\s/g, '').length, 0);
    if (size > LARGEST_INLINE_POLICIES)
      throw limitExceeded(`Maximum policy size of ${LARGEST_INLINE_POLICIES} bytes exceeded for role ${role.name}`);
    putRole(context, { ...role, inlinePolicies });
    return {};
  },
};

const getRolePolicy: Action = {
  permissions: onRole('iam:GetRolePolicy'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PolicyName: name(128) });
    const role = roleNamed(context, wanted.RoleName);
    const policy = Object.hasOwn(role.inlinePolicies, wanted.PolicyName)
      ? role.inlinePolicies[wanted.PolicyName]
      : undefined;
    if (policy === undefined) throw noSuchEntity(`The role policy with name ${wanted.PolicyName} cannot be found.`);
    return { RoleName: role.name, PolicyName: wanted.PolicyName, PolicyDocument: encodeDocument(policy) };
  },
};

const deleteRolePolicy: Action = {
  permissions: onRole('iam:DeleteRolePolicy'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PolicyName: name(128) });
    const role = roleNamed(context, wanted.RoleName);
    if (!Object.hasOwn(role.inlinePolicies, wanted.PolicyName))
      throw noSuchEntity(`The role policy with name ${wanted.PolicyName} cannot be found.`);
    const { [wanted.PolicyName]: _gone, ...inlinePolicies } = role.inlinePolicies;
    putRole(context, { ...role, inlinePolicies });
    return {};
  },
};

const listRolePolicies: Action = {
  permissions: onRole('iam:ListRolePolicies'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), ...paging });
    const role = roleNamed(context, wanted.RoleName);
    const { items, rest } = paged(Object.keys(role.inlinePolicies).sort(), wanted, `inline ${role.name}`);
    return { PolicyNames: items, ...rest };
  },
};

const attachRolePolicy: Action = {
  permissions: onRole('iam:AttachRolePolicy', (input) => ({ 'iam:policyarn': String(input['PolicyArn'] ?? '') })),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PolicyArn: arn() });
    const role = roleNamed(context, wanted.RoleName);
    if (!/^arn:aws:iam::(?:aws|\d{12}):policy\/.+$/.test(wanted.PolicyArn))
      throw new ServiceError('InvalidInput', `ARN ${wanted.PolicyArn} is not valid.`, 400);
    if (!findPolicy(context, wanted.PolicyArn))
      throw noSuchEntity(`Policy ${wanted.PolicyArn} does not exist or is not attachable.`);
    if (role.attachedPolicies.includes(wanted.PolicyArn)) return {};
    if (role.attachedPolicies.length >= MOST_ATTACHED_POLICIES)
      throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${MOST_ATTACHED_POLICIES}`);
    putRole(context, { ...role, attachedPolicies: [...role.attachedPolicies, wanted.PolicyArn] });
    return {};
  },
};

const detachRolePolicy: Action = {
  permissions: onRole('iam:DetachRolePolicy', (input) => ({ 'iam:policyarn': String(input['PolicyArn'] ?? '') })),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PolicyArn: arn() });
    const role = roleNamed(context, wanted.RoleName);
    if (!role.attachedPolicies.includes(wanted.PolicyArn))
      throw noSuchEntity(`Policy ${wanted.PolicyArn} was not found.`);
    putRole(context, {
      ...role,
      attachedPolicies: role.attachedPolicies.filter((attached) => attached !== wanted.PolicyArn),
    });
    return {};
  },
};

const listAttachedRolePolicies: Action = {
  permissions: onRole('iam:ListAttachedRolePolicies'),
  run(input, context) {
    const wanted = read(input, { RoleName: name(64), PathPrefix: path(), ...paging });
    const role = roleNamed(context, wanted.RoleName);
    const found = role.attachedPolicies
      .map((policyArn) => ({ policyArn, policy: findPolicy(context, policyArn) }))
      .filter(({ policy }) => policy?.path.startsWith(wanted.PathPrefix ?? '/'));
    const { items, rest } = paged(found, wanted, `attached ${role.name}`);
    return {
      AttachedPolicies: items.map(({ policyArn, policy }) => ({ PolicyName: policy?.name, PolicyArn: policyArn })),
      ...rest,
    };
  },
};

const listEntitiesForPolicy: Action = {
  permissions: onPolicy('iam:ListEntitiesForPolicy'),
  run(input, context) {
    const wanted = read(input, {
      PolicyArn: arn(),
      EntityFilter: text({ oneOf: ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] }),
      PathPrefix: pathPrefix(),
      PolicyUsageFilter: text({ oneOf: ['PermissionsPolicy', 'PermissionsBoundary'] }),
      ...paging,
    });
    if (!findPolicy(context, wanted.PolicyArn)) throw noSuchEntity(`Policy ${wanted.PolicyArn} was not found.`);
    const asked = wanted.EntityFilter === undefined || wanted.EntityFilter === 'Role';
    const found = [...roles(context).values()].filter(
      (role) =>
        asked &&
        role.path.startsWith(wanted.PathPrefix ?? '/') &&
        (wanted.PolicyUsageFilter === 'PermissionsBoundary'
          ? role.permissionsBoundary === wanted.PolicyArn
          : role.attachedPolicies.includes(wanted.PolicyArn)),
    );
    const { items, rest } = paged(found, wanted, `entities ${wanted.PolicyArn}`);
    return {
      PolicyGroups: [],
      PolicyUsers: [],
      PolicyRoles: items.map((role) => ({ RoleName: role.name, RoleId: role.roleId })),
      ...rest,
    };
  },
};

export const rolePolicyActions: Record<string, Action> = {
  PutRolePolicy: putRolePolicy,
  GetRolePolicy: getRolePolicy,
  DeleteRolePolicy: deleteRolePolicy,
  ListRolePolicies: listRolePolicies,
  AttachRolePolicy: attachRolePolicy,
  DetachRolePolicy: detachRolePolicy,
  ListAttachedRolePolicies: listAttachedRolePolicies,
  ListEntitiesForPolicy: listEntitiesForPolicy,
};
