import { STRINGS } from './shape.ts';
import { isNotFound, given, jsonText, type Properties, type ResourceType, type Work } from './type.ts';

const HOLDERS = [
  { property: 'Roles', attach: 'AttachRolePolicy', detach: 'DetachRolePolicy', member: 'RoleName' },
  { property: 'Groups', attach: 'AttachGroupPolicy', detach: 'DetachGroupPolicy', member: 'GroupName' },
  { property: 'Users', attach: 'AttachUserPolicy', detach: 'DetachUserPolicy', member: 'UserName' },
];

async function attach(arn: string, properties: Properties, before: Properties, work: Work): Promise<void> {
  for (const { property, attach: action, detach, member } of HOLDERS) {
    const had = new Set((before[property] ?? []) as string[]);
    for (const holder of (properties[property] ?? []) as string[]) {
      if (!had.has(holder)) await work.call('iam', action, { [member]: holder, PolicyArn: arn });
      had.delete(holder);
    }
    for (const holder of had) {
      try {
        await work.call('iam', detach, { [member]: holder, PolicyArn: arn });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}

interface Version {
  VersionId: string;
  IsDefaultVersion: boolean | string;
}

async function otherVersions(arn: string, work: Work): Promise<string[]> {
  const { Versions = [] } = await work.call('iam', 'ListPolicyVersions', { PolicyArn: arn });
  return (Versions as Version[])
    .filter((version) => String(version.IsDefaultVersion) !== 'true')
    .map((version) => version.VersionId)
    .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}

export const managedPolicy: ResourceType = {
  properties: {
    ManagedPolicyName: 'string',
    Path: 'string',
    Description: 'string',
    'PolicyDocument!': 'json',
    Roles: STRINGS,
    Groups: STRINGS,
    Users: STRINGS,
  },
  replaces: ['ManagedPolicyName', 'Path', 'Description'],
  attributes: [
    'PolicyArn',
    'PolicyId',
    'DefaultVersionId',
    'AttachmentCount',
    'PermissionsBoundaryUsageCount',
    'IsAttachable',
    'CreateDate',
    'UpdateDate',
  ],
  nameProperty: 'ManagedPolicyName',
  async create(properties, work) {
    const { Policy } = await work.call(
      'iam',
      'CreatePolicy',
      given({
        PolicyName: properties['ManagedPolicyName'] ?? work.name(128),
        Path: properties['Path'],
        Description: properties['Description'],
        PolicyDocument: jsonText(properties['PolicyDocument']),
      }),
    );
    work.made(Policy.Arn);
    await attach(Policy.Arn, properties, {}, work);
    return {
      id: Policy.Arn,
      attributes: {
        PolicyArn: Policy.Arn,
        PolicyId: Policy.PolicyId,
        DefaultVersionId: Policy.DefaultVersionId,
        IsAttachable: 'true',
      },
    };
  },
  async update(id, properties, before, work) {
    if (JSON.stringify(properties['PolicyDocument']) !== JSON.stringify(before['PolicyDocument'])) {
      // A policy has room for five versions.
      const others = await otherVersions(id, work);
      if (others.length >= 4) await work.call('iam', 'DeletePolicyVersion', { PolicyArn: id, VersionId: others[0] });
      await work.call('iam', 'CreatePolicyVersion', {
        PolicyArn: id,
        PolicyDocument: jsonText(properties['PolicyDocument']),
        SetAsDefault: 'true',
      });
    }
    await attach(id, properties, before, work);
    return { id };
  },
  async delete(id, properties, work) {
    await attach(id, {}, properties, work);
    for (const VersionId of await otherVersions(id, work))
      await work.call('iam', 'DeletePolicyVersion', { PolicyArn: id, VersionId });
    await work.call('iam', 'DeletePolicy', { PolicyArn: id });
  },
};
