import { STRINGS, TAGS } from './shape.ts';
import { given, jsonText, type Properties, type ResourceType, tagChanges, tagMap, type Work } from './type.ts';

interface InlinePolicy {
  PolicyName: string;
  PolicyDocument: unknown;
}

/** Inline and managed policies, from what they were to what they are to be. */
async function policies(name: string, properties: Properties, before: Properties, work: Work): Promise<void> {
  const wanted = (properties['Policies'] ?? []) as InlinePolicy[];
  const had = new Map(
    ((before['Policies'] ?? []) as InlinePolicy[]).map((item) => [item.PolicyName, item.PolicyDocument]),
  );
  for (const { PolicyName, PolicyDocument } of wanted) {
    if (JSON.stringify(had.get(PolicyName)) !== JSON.stringify(PolicyDocument))
      await work.call('iam', 'PutRolePolicy', { RoleName: name, PolicyName, PolicyDocument: jsonText(PolicyDocument) });
    had.delete(PolicyName);
  }
  for (const PolicyName of had.keys()) await work.call('iam', 'DeleteRolePolicy', { RoleName: name, PolicyName });
  const attached = new Set((before['ManagedPolicyArns'] ?? []) as string[]);
  for (const PolicyArn of (properties['ManagedPolicyArns'] ?? []) as string[]) {
    if (!attached.has(PolicyArn)) await work.call('iam', 'AttachRolePolicy', { RoleName: name, PolicyArn });
    attached.delete(PolicyArn);
  }
  for (const PolicyArn of attached) await work.call('iam', 'DetachRolePolicy', { RoleName: name, PolicyArn });
}

function seconds(properties: Properties): string | undefined {
  return properties['MaxSessionDuration'] === undefined ? undefined : String(properties['MaxSessionDuration']);
}

export const role: ResourceType = {
  properties: {
    RoleName: 'string',
    Path: 'string',
    Description: 'string',
    'AssumeRolePolicyDocument!': 'json',
    ManagedPolicyArns: STRINGS,
    MaxSessionDuration: 'integer',
    PermissionsBoundary: 'string',
    Policies: [{ 'PolicyName!': 'string', 'PolicyDocument!': 'json' }],
    Tags: TAGS,
  },
  replaces: ['RoleName', 'Path'],
  attributes: ['Arn', 'RoleId'],
  nameProperty: 'RoleName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const name: string = properties['RoleName'] ?? work.name(64);
    const { Role } = await work.call(
      'iam',
      'CreateRole',
      given({
        RoleName: name,
        Path: properties['Path'],
        Description: properties['Description'],
        AssumeRolePolicyDocument: jsonText(properties['AssumeRolePolicyDocument']),
        MaxSessionDuration: seconds(properties),
        PermissionsBoundary: properties['PermissionsBoundary'],
        Tags: properties['Tags'],
      }),
    );
    work.made(name);
    await policies(name, properties, {}, work);
    return { id: name, attributes: { Arn: Role.Arn, RoleId: Role.RoleId } };
  },
  async update(id, properties, before, work) {
    const { Role } = await work.call('iam', 'GetRole', { RoleName: id });
    if (JSON.stringify(properties['AssumeRolePolicyDocument']) !== JSON.stringify(before['AssumeRolePolicyDocument']))
      await work.call('iam', 'UpdateAssumeRolePolicy', {
        RoleName: id,
        PolicyDocument: jsonText(properties['AssumeRolePolicyDocument']),
      });
    if (
      properties['Description'] !== before['Description'] ||
      properties['MaxSessionDuration'] !== before['MaxSessionDuration']
    )
      await work.call(
        'iam',
        'UpdateRole',
        given({
          RoleName: id,
          Description: properties['Description'] ?? '',
          MaxSessionDuration: seconds(properties) ?? '3600',
        }),
      );
    const boundary: unknown = properties['PermissionsBoundary'];
    if (boundary !== before['PermissionsBoundary'])
      await (boundary === undefined
        ? work.call('iam', 'DeleteRolePermissionsBoundary', { RoleName: id })
        : work.call('iam', 'PutRolePermissionsBoundary', { RoleName: id, PermissionsBoundary: boundary }));
    await policies(id, properties, before, work);
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    if (remove.length > 0) await work.call('iam', 'UntagRole', { RoleName: id, TagKeys: remove });
    const tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (tags.length > 0) await work.call('iam', 'TagRole', { RoleName: id, Tags: tags });
    return { id, attributes: { Arn: Role.Arn, RoleId: Role.RoleId } };
  },
  async delete(id, properties, work) {
    await work.call('iam', 'GetRole', { RoleName: id });
    // Only what is inline goes with the role by itself; what others attached stays in the way, as on AWS.
    const { PolicyNames = [] } = await work.call('iam', 'ListRolePolicies', { RoleName: id });
    for (const PolicyName of PolicyNames as string[])
      await work.call('iam', 'DeleteRolePolicy', { RoleName: id, PolicyName });
    const { AttachedPolicies = [] } = await work.call('iam', 'ListAttachedRolePolicies', { RoleName: id });
    const own = new Set((properties['ManagedPolicyArns'] ?? []) as string[]);
    for (const { PolicyArn } of AttachedPolicies as { PolicyArn: string }[])
      if (own.has(PolicyArn)) await work.call('iam', 'DetachRolePolicy', { RoleName: id, PolicyArn });
    await work.call('iam', 'DeleteRole', { RoleName: id });
  },
  async read(id, expected, work) {
    const { Role } = await work.call('iam', 'GetRole', { RoleName: id });
    const { PolicyNames = [] } = await work.call('iam', 'ListRolePolicies', { RoleName: id });
    const Policies = await Promise.all(
      (PolicyNames as string[]).map(async (PolicyName) => {
        const { PolicyDocument } = await work.call('iam', 'GetRolePolicy', { RoleName: id, PolicyName });
        return { PolicyName, PolicyDocument: JSON.parse(decodeURIComponent(PolicyDocument)) };
      }),
    );
    const { AttachedPolicies = [] } = await work.call('iam', 'ListAttachedRolePolicies', { RoleName: id });
    const arns = (AttachedPolicies as { PolicyArn: string }[]).map((item) => item.PolicyArn);
    return {
      RoleName: expected['RoleName'],
      Path: expected['Path'] === undefined ? undefined : Role.Path,
      Description: Role.Description,
      MaxSessionDuration: expected['MaxSessionDuration'] === undefined ? undefined : Number(Role.MaxSessionDuration),
      AssumeRolePolicyDocument: JSON.parse(decodeURIComponent(Role.AssumeRolePolicyDocument)),
      Policies: Policies.length > 0 || expected['Policies'] ? Policies : undefined,
      ManagedPolicyArns: arns.length > 0 || expected['ManagedPolicyArns'] ? arns : undefined,
    };
  },
};
