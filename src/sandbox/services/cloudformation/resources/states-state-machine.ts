import { ServiceError } from '../../../errors.ts';
import { TAGS } from './shape.ts';
import { given, type Properties, type ResourceType, tagChanges, tagMap, type Work } from './type.ts';

const LARGEST_NAME = 80;

function definition(properties: Properties): string {
  const { DefinitionString, Definition, DefinitionSubstitutions = {}, DefinitionS3Location } = properties;
  if (DefinitionS3Location !== undefined)
    throw new ServiceError('InvalidRequest', 'The sandbox does not carry DefinitionS3Location: it has no buckets.');
  if ((DefinitionString === undefined) === (Definition === undefined))
    throw new ServiceError(
      'InvalidRequest',
      DefinitionString === undefined
        ? 'Invalid request provided: One of Definition, DefinitionString or DefinitionS3Location must be provided.'
        : 'Invalid request provided: Only one of Definition, DefinitionString or DefinitionS3Location can be provided.',
    );
  const text: string = DefinitionString ?? JSON.stringify(Definition, null, 2);
  return text.replace(/\$\{([A-Za-z0-9_]+)\}/g, (whole, name: string) =>
    Object.hasOwn(DefinitionSubstitutions, name) ? String(DefinitionSubstitutions[name]) : whole,
  );
}

/** CloudFormation's names in the form of the API. */
function settings(properties: Properties): Record<string, unknown> {
  const logging = properties['LoggingConfiguration'];
  const tracing = properties['TracingConfiguration'];
  const encryption = properties['EncryptionConfiguration'];
  return given({
    definition: definition(properties),
    roleArn: properties['RoleArn'],
    loggingConfiguration:
      logging &&
      given({
        level: logging.Level,
        includeExecutionData: logging.IncludeExecutionData,
        destinations: logging.Destinations?.map((item: Properties) => ({
          cloudWatchLogsLogGroup: { logGroupArn: item['CloudWatchLogsLogGroup']?.LogGroupArn },
        })),
      }),
    tracingConfiguration: tracing && given({ enabled: tracing.Enabled }),
    encryptionConfiguration:
      encryption &&
      given({
        type: encryption.Type,
        kmsKeyId: encryption.KmsKeyId,
        kmsDataKeyReusePeriodSeconds: encryption.KmsDataKeyReusePeriodSeconds,
      }),
  });
}

async function attributes(arn: string, work: Work): Promise<Record<string, unknown>> {
  const found = await work.call('states', 'DescribeStateMachine', { stateMachineArn: arn });
  return { Arn: arn, Name: found['name'], StateMachineRevisionId: found['revisionId'] ?? 'INITIAL' };
}

export const stateMachine: ResourceType = {
  properties: {
    StateMachineName: 'string',
    StateMachineType: 'string',
    'RoleArn!': 'string',
    DefinitionString: 'string',
    Definition: 'json',
    DefinitionS3Location: { 'Bucket!': 'string', 'Key!': 'string', Version: 'string' },
    DefinitionSubstitutions: { '*': 'string' },
    LoggingConfiguration: {
      Level: 'string',
      IncludeExecutionData: 'boolean',
      Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: 'string' } }],
    },
    TracingConfiguration: { Enabled: 'boolean' },
    EncryptionConfiguration: { 'Type!': 'string', KmsKeyId: 'string', KmsDataKeyReusePeriodSeconds: 'integer' },
    Tags: TAGS,
  },
  replaces: ['StateMachineName', 'StateMachineType'],
  attributes: ['Arn', 'Name', 'StateMachineRevisionId'],
  nameProperty: 'StateMachineName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    const { stateMachineArn: arn } = await work.call(
      'states',
      'CreateStateMachine',
      given({
        name: properties['StateMachineName'] ?? work.name(LARGEST_NAME),
        type: properties['StateMachineType'],
        ...settings(properties),
        tags: (properties['Tags'] as { Key: string; Value: string }[] | undefined)?.map(({ Key, Value }) => ({
          key: Key,
          value: Value,
        })),
      }),
    );
    work.made(arn);
    return { id: arn, attributes: await attributes(arn, work) };
  },
  async update(id, properties, before, work) {
    const next = settings(properties);
    const had = settings(before);
    const off: Record<string, unknown> = {
      loggingConfiguration: { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: { enabled: false },
    };
    for (const [name, value] of Object.entries(off))
      if (had[name] !== undefined && next[name] === undefined) next[name] = value;
    if (JSON.stringify(next) !== JSON.stringify(had))
      await work.call('states', 'UpdateStateMachine', { stateMachineArn: id, ...next });
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    if (remove.length > 0) await work.call('states', 'UntagResource', { resourceArn: id, tagKeys: remove });
    const tags = Object.entries(set).map(([key, value]) => ({ key, value }));
    if (tags.length > 0) await work.call('states', 'TagResource', { resourceArn: id, tags });
    return { id, attributes: await attributes(id, work) };
  },
  async delete(id, _properties, work) {
    await work.call('states', 'DescribeStateMachine', { stateMachineArn: id });
    await work.call('states', 'DeleteStateMachine', { stateMachineArn: id });
  },
  async read(id, expected, work) {
    const found = await work.call('states', 'DescribeStateMachine', { stateMachineArn: id });
    const same = found['definition'] === definition(expected);
    return {
      StateMachineName: expected['StateMachineName'],
      StateMachineType: expected['StateMachineType'] === undefined ? undefined : found['type'],
      RoleArn: found['roleArn'],
      ...(expected['Definition'] === undefined
        ? { DefinitionString: same ? expected['DefinitionString'] : found['definition'] }
        : { Definition: same ? expected['Definition'] : found['definition'] }),
      DefinitionSubstitutions: expected['DefinitionSubstitutions'],
    };
  },
};
