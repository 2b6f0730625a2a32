/** What a role may do: IAM's own simulation, and the policies to judge by where it may not be asked. */
import type { Connection } from './connection.ts';
import { errorName, isDenied } from './failure.ts';
import { iamClient } from './find.ts';

export interface RoleTrust {
  name: string;
  arn: string;
  /** The trust policy. */
  trust: unknown;
  /** ARN of its permissions boundary */
  boundary?: string;
}

const roleName = (arn: string): string => arn.split('/').at(-1) ?? '';
const gone = (error: unknown): boolean => /^NoSuchEntity/.test(errorName(error));

/** The role of exactly this ARN and whom it trusts; undefined when there is none. */
export async function roleTrust(connection: Connection, arn: string): Promise<RoleTrust | undefined> {
  const iam = await iamClient(connection);
  try {
    const { Role } = await iam.getRole({ RoleName: roleName(arn) });
    if (!Role || Role.Arn !== arn) return undefined;
    return {
      name: Role.RoleName ?? '',
      arn,
      trust: JSON.parse(decodeURIComponent(Role.AssumeRolePolicyDocument ?? '{}')),
      ...(Role.PermissionsBoundary?.PermissionsBoundaryArn
        ? { boundary: Role.PermissionsBoundary.PermissionsBoundaryArn }
        : {}),
    };
  } catch (error) {
    if (gone(error)) return undefined;
    throw error;
  }
}

export interface Simulated {
  action: string;
  resource: string;
  allowed: boolean;
}

/**
 * What IAM says of each action on each resource (SimulatePrincipalPolicy: the role's policies and its boundary).
 * Undefined when the caller may not ask.
 */
export async function simulateRole(
  connection: Connection,
  arn: string,
  actions: string[],
  resources: string[],
  context: Record<string, string> = {},
): Promise<Simulated[] | undefined> {
  const iam = await iamClient(connection);
  const found: Simulated[] = [];
  let Marker: string | undefined;
  try {
    do {
      const page = await iam.simulatePrincipalPolicy({
        PolicySourceArn: arn,
        ActionNames: actions,
        ResourceArns: resources,
        ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => ({
          ContextKeyName,
          ContextKeyType: 'string',
          ContextKeyValues: [value],
        })),
        Marker,
      });
      for (const {
        EvalActionName = '',
        EvalResourceName = '',
        EvalDecision,
        ResourceSpecificResults = [],
      } of page.EvaluationResults ?? []) {
        // With several resources the answer may be one for all, with what holds for each inside it.
        if (ResourceSpecificResults.length === 0)
          found.push({ action: EvalActionName, resource: EvalResourceName, allowed: EvalDecision === 'allowed' });
        for (const { EvalResourceName: resource = '', EvalResourceDecision } of ResourceSpecificResults)
          found.push({ action: EvalActionName, resource, allowed: EvalResourceDecision === 'allowed' });
      }
      Marker = page.IsTruncated ? page.Marker : undefined;
    } while (Marker);
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
  return found;
}

/** Every identity policy of a role, inline and attached, and its boundary, as documents. */
export async function rolePolicies(
  connection: Connection,
  role: RoleTrust,
): Promise<{ identity: { name: string; document: unknown }[]; boundary?: unknown }> {
  const iam = await iamClient(connection);
  const managed = async (PolicyArn: string): Promise<unknown> => {
    const { Policy } = await iam.getPolicy({ PolicyArn });
    const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId: Policy?.DefaultVersionId });
    return JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? '{}'));
  };
  const [{ PolicyNames }, { AttachedPolicies }] = await Promise.all([
    iam.listRolePolicies({ RoleName: role.name }),
    iam.listAttachedRolePolicies({ RoleName: role.name }),
  ]);
  const [inline, attached, boundary] = await Promise.all([
    Promise.all(
      (PolicyNames ?? []).map(async (name) => {
        const { PolicyDocument } = await iam.getRolePolicy({ RoleName: role.name, PolicyName: name });
        return { name, document: JSON.parse(decodeURIComponent(PolicyDocument ?? '{}')) as unknown };
      }),
    ),
    Promise.all(
      (AttachedPolicies ?? []).map(async ({ PolicyName, PolicyArn }) => ({
        name: PolicyName ?? '',
        document: await managed(PolicyArn ?? ''),
      })),
    ),
    role.boundary ? managed(role.boundary) : undefined,
  ]);
  return { identity: [...inline, ...attached], ...(boundary === undefined ? {} : { boundary }) };
}
