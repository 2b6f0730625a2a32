import { TAGS } from './shape.ts';
import { given, jsonText, type Properties, type ResourceType, tagChanges, tagMap, type Work } from './type.ts';

function arnOf(name: string, work: Work): string {
  return `arn:aws:logs:${work.region}:${work.account}:log-group:${name}`;
}

/** What CreateLogGroup does not take. Calls that the sandbox does not carry are refused there, by their name. */
async function settings(name: string, properties: Properties, before: Properties, work: Work): Promise<void> {
  const { RetentionInDays, DataProtectionPolicy, FieldIndexPolicies, ResourcePolicyDocument } = properties;
  if (RetentionInDays !== undefined && RetentionInDays !== before['RetentionInDays'])
    await work.call('logs', 'PutRetentionPolicy', { logGroupName: name, retentionInDays: RetentionInDays });
  else if (RetentionInDays === undefined && before['RetentionInDays'] !== undefined)
    await work.call('logs', 'DeleteRetentionPolicy', { logGroupName: name });
  if (DataProtectionPolicy !== undefined)
    await work.call('logs', 'PutDataProtectionPolicy', {
      logGroupIdentifier: name,
      policyDocument: jsonText(DataProtectionPolicy),
    });
  for (const policy of FieldIndexPolicies ?? [])
    await work.call('logs', 'PutIndexPolicy', { logGroupIdentifier: name, policyDocument: jsonText(policy) });
  if (ResourcePolicyDocument !== undefined)
    await work.call('logs', 'PutResourcePolicy', {
      resourceArn: arnOf(name, work),
      policyDocument: jsonText(ResourcePolicyDocument),
    });
}

export const logGroup: ResourceType = {
  properties: {
    LogGroupName: 'string',
    RetentionInDays: 'integer',
    KmsKeyId: 'string',
    LogGroupClass: 'string',
    DataProtectionPolicy: 'json',
    FieldIndexPolicies: ['json'],
    ResourcePolicyDocument: 'json',
    DeletionProtectionEnabled: 'boolean',
    BearerTokenAuthenticationEnabled: 'boolean',
    Tags: TAGS,
  },
  replaces: ['LogGroupName'],
  attributes: ['Arn'],
  nameProperty: 'LogGroupName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const name: string = properties['LogGroupName'] ?? work.name(512);
    await work.call(
      'logs',
      'CreateLogGroup',
      given({
        logGroupName: name,
        kmsKeyId: properties['KmsKeyId'],
        logGroupClass: properties['LogGroupClass'],
        deletionProtectionEnabled: properties['DeletionProtectionEnabled'],
        bearerTokenAuthenticationEnabled: properties['BearerTokenAuthenticationEnabled'],
        tags: properties['Tags'] === undefined ? undefined : tagMap(properties['Tags']),
      }),
    );
    work.made(name);
    await settings(name, properties, {}, work);
    return { id: name, attributes: { Arn: `${arnOf(name, work)}:*` } };
  },
  async update(id, properties, before, work) {
    await settings(id, properties, before, work);
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    const resourceArn = arnOf(id, work);
    if (remove.length > 0) await work.call('logs', 'UntagResource', { resourceArn, tagKeys: remove });
    if (Object.keys(set).length > 0) await work.call('logs', 'TagResource', { resourceArn, tags: set });
    return { id, attributes: { Arn: `${resourceArn}:*` } };
  },
  async delete(id, _properties, work) {
    await work.call('logs', 'DeleteLogGroup', { logGroupName: id });
  },
  async read(id, _expected, work) {
    const { logGroups = [] } = await work.call('logs', 'DescribeLogGroups', { logGroupNamePrefix: id });
    const found = (logGroups as Properties[]).find((group) => group['logGroupName'] === id);
    return found && { LogGroupName: id, RetentionInDays: found['retentionInDays'], KmsKeyId: found['kmsKeyId'] };
  },
};
