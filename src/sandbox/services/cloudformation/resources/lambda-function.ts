import { ServiceError } from '../../../errors.ts';
import { writeZip } from '../../../zip.ts';
import { STRINGS, TAGS, TEXT_MAP } from './shape.ts';
import {
  alreadyExists,
  given,
  orNothing,
  pick,
  type Properties,
  type ResourceType,
  tagChanges,
  tagMap,
  type Work,
} from './type.ts';

const CONFIGURATION = [
  'Description',
  'Handler',
  'Role',
  'Runtime',
  'MemorySize',
  'Timeout',
  'Environment',
  'TracingConfig',
  'LoggingConfig',
  'EphemeralStorage',
  'Layers',
  'VpcConfig',
  'DeadLetterConfig',
  'FileSystemConfigs',
  'ImageConfig',
  'SnapStart',
];
const ONLY_AT_CREATION = [
  'Architectures',
  'PackageType',
  'CodeSigningConfigArn',
  'DurableConfig',
  'CapacityProviderConfig',
  'TenancyConfig',
];
const NOT_CARRIED = ['RuntimeManagementConfig', 'FunctionScalingConfig', 'PublishToLatestPublished', 'RecursiveLoop'];
/** What a setting goes back to when the template no longer has it (Lambda API reference, UpdateFunctionConfiguration). */
const USUAL: Record<string, unknown> = {
  Description: '',
  MemorySize: 128,
  Timeout: 3,
  Environment: { Variables: {} },
  TracingConfig: { Mode: 'PassThrough' },
  EphemeralStorage: { Size: 512 },
  Layers: [],
};

function code(properties: Properties): Record<string, unknown> {
  const { ZipFile, ...rest } = properties['Code'] as Properties;
  if (ZipFile === undefined) return rest;
  // "ZipFile": the source itself, which becomes a file named index, with the extension of the runtime.
  const file = /^python/.test(String(properties['Runtime'])) ? 'index.py' : 'index.js';
  return { ...rest, ZipFile: writeZip({ [file]: ZipFile }).toString('base64') };
}

function refuse(properties: Properties): void {
  for (const name of NOT_CARRIED)
    if (properties[name] !== undefined)
      throw new ServiceError(
        'InvalidRequest',
        `The sandbox does not carry the property ${name} of AWS::Lambda::Function.`,
      );
}

async function ready(name: string, work: Work): Promise<Properties> {
  let found: Properties = {};
  await work.settled(async () => {
    const { Configuration } = await work.call('lambda', 'GetFunction', { FunctionName: name });
    found = Configuration;
    if (found['State'] === 'Failed' || found['LastUpdateStatus'] === 'Failed')
      throw new ServiceError(
        'NotStabilized',
        `${found['StateReason'] ?? found['LastUpdateStatusReason'] ?? 'The function failed.'}`,
      );
    return found['State'] !== 'Pending' && found['LastUpdateStatus'] !== 'InProgress';
  });
  return found;
}

async function concurrency(name: string, wanted: unknown, before: unknown, work: Work): Promise<void> {
  if (wanted === before) return;
  if (wanted === undefined) await work.call('lambda', 'DeleteFunctionConcurrency', { FunctionName: name });
  else
    await work.call('lambda', 'PutFunctionConcurrency', { FunctionName: name, ReservedConcurrentExecutions: wanted });
}

export const lambdaFunction: ResourceType = {
  properties: {
    FunctionName: 'string',
    'Code!': {
      ZipFile: 'string',
      S3Bucket: 'string',
      S3Key: 'string',
      S3ObjectVersion: 'string',
      S3ObjectStorageMode: 'string',
      ImageUri: 'string',
      SourceKMSKeyArn: 'string',
    },
    'Role!': 'string',
    Handler: 'string',
    Runtime: 'string',
    Description: 'string',
    MemorySize: 'integer',
    Timeout: 'integer',
    Environment: { Variables: TEXT_MAP },
    LoggingConfig: { LogFormat: 'string', ApplicationLogLevel: 'string', LogGroup: 'string', SystemLogLevel: 'string' },
    TracingConfig: { Mode: 'string' },
    EphemeralStorage: { 'Size!': 'integer' },
    Architectures: STRINGS,
    ReservedConcurrentExecutions: 'integer',
    Layers: STRINGS,
    PackageType: 'string',
    CodeSigningConfigArn: 'string',
    KmsKeyArn: 'string',
    DeadLetterConfig: { TargetArn: 'string' },
    SnapStart: { 'ApplyOn!': 'string' },
    VpcConfig: { Ipv6AllowedForDualStack: 'boolean', SecurityGroupIds: STRINGS, SubnetIds: STRINGS },
    ImageConfig: { WorkingDirectory: 'string', Command: STRINGS, EntryPoint: STRINGS },
    FileSystemConfigs: ['json'],
    RuntimeManagementConfig: { 'UpdateRuntimeOn!': 'string', RuntimeVersionArn: 'string' },
    FunctionScalingConfig: { MinExecutionEnvironments: 'integer', MaxExecutionEnvironments: 'integer' },
    DurableConfig: 'json',
    CapacityProviderConfig: 'json',
    TenancyConfig: 'json',
    PublishToLatestPublished: 'boolean',
    RecursiveLoop: 'string',
    Tags: TAGS,
  },
  replaces: ['FunctionName', 'PackageType', 'TenancyConfig'],
  attributes: ['Arn', 'SnapStartResponse', 'SnapStartResponse.ApplyOn', 'SnapStartResponse.OptimizationStatus'],
  nameProperty: 'FunctionName',
  tags: { property: 'Tags', form: 'list' },
  async create(properties, work) {
    refuse(properties);
    const name: string = properties['FunctionName'] ?? work.name(64);
    // Looked for first: after that, what is there under this name is this stack's own, should the process end in between.
    if (await orNothing(work.call('lambda', 'GetFunction', { FunctionName: name }))) throw alreadyExists(name);
    work.intend(name);
    const { FunctionArn } = await work.call(
      'lambda',
      'CreateFunction',
      given({
        FunctionName: name,
        ...pick(properties, [...CONFIGURATION, ...ONLY_AT_CREATION]),
        KMSKeyArn: properties['KmsKeyArn'],
        Code: code(properties),
        Tags: properties['Tags'] === undefined ? undefined : tagMap(properties['Tags']),
      }),
    );
    work.made(name);
    await ready(name, work);
    await concurrency(name, properties['ReservedConcurrentExecutions'], undefined, work);
    return { id: name, attributes: { Arn: FunctionArn } };
  },
  async update(id, properties, before, work) {
    refuse(properties);
    const { Configuration } = await work.call('lambda', 'GetFunction', { FunctionName: id });
    const Resource: unknown = Configuration.FunctionArn;
    if (
      JSON.stringify([properties['Code'], properties['Architectures']]) !==
      JSON.stringify([before['Code'], before['Architectures']])
    ) {
      await work.call(
        'lambda',
        'UpdateFunctionCode',
        given({ FunctionName: id, ...code(properties), Architectures: properties['Architectures'] }),
      );
      await ready(id, work);
    }
    const changed = [...CONFIGURATION, 'KmsKeyArn'].filter(
      (name) => JSON.stringify(properties[name]) !== JSON.stringify(before[name]),
    );
    if (changed.length > 0) {
      const input = Object.fromEntries(
        changed.map((name) => [name === 'KmsKeyArn' ? 'KMSKeyArn' : name, properties[name] ?? USUAL[name]]),
      );
      if (changed.includes('LoggingConfig') && properties['LoggingConfig'] === undefined)
        input['LoggingConfig'] = { LogFormat: 'Text', LogGroup: `/aws/lambda/${id}` };
      await work.call('lambda', 'UpdateFunctionConfiguration', given({ FunctionName: id, ...input }));
      await ready(id, work);
    }
    await concurrency(id, properties['ReservedConcurrentExecutions'], before['ReservedConcurrentExecutions'], work);
    const { set, remove } = tagChanges(tagMap(before['Tags']), tagMap(properties['Tags']));
    if (remove.length > 0) await work.call('lambda', 'UntagResource', { Resource, TagKeys: remove });
    if (Object.keys(set).length > 0) await work.call('lambda', 'TagResource', { Resource, Tags: set });
    return { id, attributes: { Arn: Resource } };
  },
  async delete(id, _properties, work) {
    await work.call('lambda', 'DeleteFunction', { FunctionName: id });
  },
  async read(id, expected, work) {
    const { Configuration } = await work.call('lambda', 'GetFunction', { FunctionName: id });
    const found: Properties = Configuration;
    const shown = (name: string, usual: unknown): unknown =>
      expected[name] === undefined && JSON.stringify(found[name]) === JSON.stringify(usual) ? undefined : found[name];
    return {
      FunctionName: id,
      Role: found['Role'],
      Handler: found['Handler'],
      Runtime: found['Runtime'],
      Description: shown('Description', ''),
      MemorySize: shown('MemorySize', 128),
      Timeout: shown('Timeout', 3),
      Environment:
        expected['Environment'] === undefined && found['Environment'] === undefined ? undefined : found['Environment'],
    };
  },
};
