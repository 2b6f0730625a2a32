/** Roles that the console or a learner made beside the stacks, with what they may do. Only reads. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';
import { iamClient } from './find.ts';

export interface HandMadeRole {
  name: string;
  arn: string;
  path: string;
  tags: Record<string, string>;
  /** Every resource that its policies name. */
  resources: string[];
  /** Policies of this account that are attached to it. */
  policies: { arn: string; path: string }[];
}

/** What the console names so (workshop page "Fixed names"). */
export const CONSOLE_ROLE = /^(StepFunctions-.+-role-[A-Za-z0-9]+|Amazon_EventBridge_Invoke_[A-Za-z0-9_]+)$/;
const SERVICES = /"(states|events|lambda|pipes)\.amazonaws\.com"/;

/**
 * Roles that a learner could have made for a workflow, a rule or a function: by the console's names, or by whom they trust.
 * `skip` are those that stacks hold.
 */
export async function handMadeRoles(connection: Connection, skip: ReadonlySet<string>): Promise<HandMadeRole[]> {
  const iam = await iamClient(connection);
  const candidates: { name: string; arn: string; path: string }[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listRoles({ Marker });
    for (const { RoleName = '', Arn = '', Path = '/', AssumeRolePolicyDocument = '' } of page.Roles ?? []) {
      if (skip.has(RoleName) || Path.startsWith('/aws-service-role/') || Path.startsWith('/aws-reserved/')) continue;
      if (CONSOLE_ROLE.test(RoleName) || SERVICES.test(decodeURIComponent(AssumeRolePolicyDocument)))
        candidates.push({ name: RoleName, arn: Arn, path: Path });
    }
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  const found = await Promise.all(candidates.map((role) => readRole(connection, role)));
  return found.filter((role) => role !== undefined);
}

async function readRole(
  connection: Connection,
  role: { name: string; arn: string; path: string },
): Promise<HandMadeRole | undefined> {
  const iam = await iamClient(connection);
  try {
    const { Tags } = await iam.listRoleTags({ RoleName: role.name });
    const tags = Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
    if (!CONSOLE_ROLE.test(role.name)) return { ...role, tags, resources: [], policies: [] };
    const [{ PolicyNames }, { AttachedPolicies }] = await Promise.all([
      iam.listRolePolicies({ RoleName: role.name }),
      iam.listAttachedRolePolicies({ RoleName: role.name }),
    ]);
    const own = (AttachedPolicies ?? []).filter(({ PolicyArn }) => !/^arn:[^:]+:iam::aws:/.test(PolicyArn ?? ''));
    const documents = await Promise.all([
      ...(PolicyNames ?? []).map(
        async (PolicyName) => (await iam.getRolePolicy({ RoleName: role.name, PolicyName })).PolicyDocument,
      ),
      ...own.map(async ({ PolicyArn }) => {
        const { Policy } = await iam.getPolicy({ PolicyArn });
        return (await iam.getPolicyVersion({ PolicyArn, VersionId: Policy?.DefaultVersionId })).PolicyVersion?.Document;
      }),
    ]);
    return {
      ...role,
      tags,
      resources: documents.flatMap((text) => resourcesOf(text)),
      policies: own.map(({ PolicyArn = '' }) => ({
        arn: PolicyArn,
        path: /:policy(\/(?:.*\/)?)[^/]+$/.exec(PolicyArn)?.[1] ?? '/',
      })),
    };
  } catch (error) {
    // Deleted between the list and the look.
    if (/^NoSuchEntity/.test(errorName(error))) return undefined;
    throw error;
  }
}

function resourcesOf(document: string | undefined): string[] {
  const { Statement } = JSON.parse(decodeURIComponent(document ?? '{}')) as { Statement?: unknown };
  return [Statement ?? []]
    .flat()
    .flatMap((statement) => [(statement as { Resource?: string | string[] }).Resource ?? []].flat());
}

/** Deletes a policy of this account with its older versions; one that is still attached elsewhere stays, false then. */
export async function deletePolicy(connection: Connection, PolicyArn: string): Promise<boolean> {
  const iam = await iamClient(connection);
  try {
    const used = await iam.listEntitiesForPolicy({ PolicyArn });
    if ((used.PolicyRoles?.length ?? 0) + (used.PolicyUsers?.length ?? 0) + (used.PolicyGroups?.length ?? 0) > 0)
      return false;
    const { Versions } = await iam.listPolicyVersions({ PolicyArn });
    for (const { VersionId, IsDefaultVersion } of Versions ?? [])
      if (!IsDefaultVersion) await iam.deletePolicyVersion({ PolicyArn, VersionId });
    await iam.deletePolicy({ PolicyArn });
  } catch (error) {
    if (!/^NoSuchEntity/.test(errorName(error))) throw error;
  }
  return true;
}

/** Policies of this account that nothing is attached to any more, under the path where the console puts them. */
export async function looseServiceRolePolicies(connection: Connection): Promise<{ name: string; arn: string }[]> {
  const iam = await iamClient(connection);
  const found: { name: string; arn: string }[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.listPolicies({ Scope: 'Local', PathPrefix: '/service-role/', Marker });
    for (const { PolicyName = '', Arn = '', AttachmentCount } of page.Policies ?? [])
      if (AttachmentCount === 0) found.push({ name: PolicyName, arn: Arn });
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return found;
}

/** What a policy of this account names as resources. */
export async function policyResources(connection: Connection, PolicyArn: string): Promise<string[]> {
  const iam = await iamClient(connection);
  const { Policy } = await iam.getPolicy({ PolicyArn });
  const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId: Policy?.DefaultVersionId });
  return resourcesOf(PolicyVersion?.Document);
}
