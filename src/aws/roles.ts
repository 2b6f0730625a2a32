/** AWS IAM roles, as plain values. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { iamClient } from './find.ts';

export interface Role {
  name: string;
  arn: string;
  path: string;
  trust: unknown;
  /** name → document */
  inline: Record<string, unknown>;
  /** ARNs of managed policies */
  attached: string[];
}

const gone = (error: unknown): boolean =>
  errorName(error) === 'NoSuchEntityException' || errorName(error) === 'NoSuchEntity';

export async function getRole(connection: Connection, name: string): Promise<Role | undefined> {
  const iam = await iamClient(connection);
  try {
    const [{ Role: role }, { PolicyNames }, { AttachedPolicies }] = await Promise.all([
      iam.getRole({ RoleName: name }),
      iam.listRolePolicies({ RoleName: name }),
      iam.listAttachedRolePolicies({ RoleName: name }),
    ]);
    const inline = await Promise.all(
      (PolicyNames ?? []).map(async (policy) => {
        const { PolicyDocument } = await iam.getRolePolicy({ RoleName: name, PolicyName: policy });
        return [policy, JSON.parse(decodeURIComponent(PolicyDocument ?? '{}'))] as const;
      }),
    );
    return {
      name,
      arn: role?.Arn ?? '',
      path: role?.Path ?? '/',
      trust: JSON.parse(decodeURIComponent(role?.AssumeRolePolicyDocument ?? '{}')),
      inline: Object.fromEntries(inline),
      attached: (AttachedPolicies ?? []).map(({ PolicyArn }) => PolicyArn ?? ''),
    };
  } catch (error) {
    if (gone(error)) return undefined;
    throw error;
  }
}

export async function createRole(
  connection: Connection,
  role: { name: string; path: string; trust: unknown; inline: Record<string, unknown>; tags: Record<string, string> },
): Promise<string> {
  const iam = await iamClient(connection);
  const { Role: made } = await iam.createRole({
    RoleName: role.name,
    Path: role.path,
    AssumeRolePolicyDocument: JSON.stringify(role.trust),
    Tags: Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
  });
  for (const [name, document] of Object.entries(role.inline))
    await putRolePolicy(connection, role.name, name, document);
  return made?.Arn ?? '';
}

export async function putRolePolicy(
  connection: Connection,
  role: string,
  policy: string,
  document: unknown,
): Promise<void> {
  const iam = await iamClient(connection);
  await iam.putRolePolicy({ RoleName: role, PolicyName: policy, PolicyDocument: JSON.stringify(document) });
}

export async function setTrust(connection: Connection, role: string, trust: unknown): Promise<void> {
  const iam = await iamClient(connection);
  await iam.updateAssumeRolePolicy({ RoleName: role, PolicyDocument: JSON.stringify(trust) });
}

/** Removes a role with its inline policies; managed ones are detached and left. Fine when it is already gone. */
export async function deleteRole(connection: Connection, name: string): Promise<void> {
  const iam = await iamClient(connection);
  const role = await getRole(connection, name);
  if (!role) return;
  for (const policy of Object.keys(role.inline)) await iam.deleteRolePolicy({ RoleName: name, PolicyName: policy });
  for (const PolicyArn of role.attached) await iam.detachRolePolicy({ RoleName: name, PolicyArn });
  await iam.deleteRole({ RoleName: name });
}
