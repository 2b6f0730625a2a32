/**
 * Functions: create, change, describe, list, delete, tags and account settings.
 * One file: all of these check, change or show the one record of a function.
 */
import { createHash } from 'node:crypto';
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input, Output, Permission, RawResponse } from '../../../service.ts';
import type { World } from '../../../world.ts';
import { readZip, ZipError } from '../../../zip.ts';
import { environmentPrefix, running } from '../environments.ts';
import { findFunction, functionArn, functionName, invalid, notFound, only, onFunction, refuse } from '../names.ts';
import type { FunctionRecord, MappingRecord } from '../records.ts';
import { checkRuntime } from '../runtimes.ts';

const CONFIGURATION = [
  'FunctionName',
  'Runtime',
  'Role',
  'Handler',
  'Description',
  'Timeout',
  'MemorySize',
  'Environment',
  'EphemeralStorage',
  'TracingConfig',
  'LoggingConfig',
  'VpcConfig',
  'Layers',
  'SnapStart',
  'DeadLetterConfig',
  'FileSystemConfigs',
];
const LARGEST_ZIP = 52_428_800;
const LARGEST_ENVIRONMENT = 4_096;

/** As GetFunctionConfiguration shows it. */
export function configuration(record: FunctionRecord): Record<string, unknown> {
  const { logging } = record;
  return {
    FunctionName: record.name,
    FunctionArn: record.arn,
    Runtime: record.runtime,
    Role: record.role,
    Handler: record.handler,
    CodeSize: record.codeSize,
    Description: record.description,
    Timeout: record.timeout,
    MemorySize: record.memorySize,
    LastModified: new Date(record.modified).toISOString().replace('Z', '+0000'),
    CodeSha256: record.codeSha256,
    Version: '$LATEST',
    ...(Object.keys(record.environment).length > 0 ? { Environment: { Variables: record.environment } } : {}),
    TracingConfig: { Mode: record.tracing },
    RevisionId: record.revisionId,
    State: record.state,
    ...(record.state === 'Pending'
      ? { StateReason: 'The function is being created.', StateReasonCode: 'Creating' }
      : {}),
    LastUpdateStatus: record.update,
    ...(record.update === 'InProgress'
      ? { LastUpdateStatusReason: 'The function is being created.', LastUpdateStatusReasonCode: 'Creating' }
      : {}),
    PackageType: 'Zip',
    Architectures: [record.architecture],
    EphemeralStorage: { Size: record.ephemeral },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: {
      LogFormat: logging.format,
      LogGroup: logging.group,
      ...(logging.format === 'JSON'
        ? {
            ApplicationLogLevel: logging.applicationLevel ?? 'INFO',
            SystemLogLevel: logging.systemLevel ?? 'INFO',
          }
        : {}),
    },
  };
}

function between(input: Input, name: string, low: number, high: number, usual: number): number {
  const value: unknown = input[name] ?? usual;
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
  const member = name.slice(0, 1).toLowerCase() + name.slice(1);
  const bound =
    typeof value === 'number' && value > high
      ? `Member must have value less than or equal to ${high}`
      : `Member must have value greater than or equal to ${low}`;
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: ${bound}`,
    400,
  );
}

/** Options that the sandbox has not: accepted where they ask for nothing. */
function nothingElse(operation: string, input: Input): void {
  const vpc = input['VpcConfig'] as { SubnetIds?: unknown[]; SecurityGroupIds?: unknown[] } | undefined;
  if (vpc?.SubnetIds?.length || vpc?.SecurityGroupIds?.length) throw refuse(operation, 'VpcConfig');
  if ((input['Layers'] as unknown[] | undefined)?.length) throw refuse(operation, 'Layers');
  if ((input['FileSystemConfigs'] as unknown[] | undefined)?.length) throw refuse(operation, 'FileSystemConfigs');
  if ((input['DeadLetterConfig'] as { TargetArn?: string } | undefined)?.TargetArn)
    throw refuse(operation, 'DeadLetterConfig');
  const snap = input['SnapStart'] as { ApplyOn?: string } | undefined;
  if (snap?.ApplyOn !== undefined && snap.ApplyOn !== 'None') throw refuse(operation, 'SnapStart');
}

const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|LAMBDA_.+|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;

function environmentOf(value: unknown): Record<string, string> {
  const variables = (value as { Variables?: unknown } | undefined)?.Variables ?? {};
  if (typeof variables !== 'object' || variables === null)
    throw invalid('Environment.Variables is not a map of strings.');
  const checked: Record<string, string> = {};
  for (const [name, text] of Object.entries(variables)) {
    if (RESERVED.test(name))
      throw invalid(
        `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${name}`,
      );
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name))
      throw new ServiceError(
        'ValidationException',
        `1 validation error detected: Value '{${name}=***}' at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]`,
        400,
      );
    if (typeof text !== 'string') throw invalid(`The environment variable ${name} is not a string.`);
    checked[name] = text;
  }
  if (Buffer.byteLength(JSON.stringify(checked)) > LARGEST_ENVIRONMENT)
    throw invalid(
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ***',
    );
  return checked;
}

function loggingOf(value: unknown, name: string, before?: FunctionRecord['logging']): FunctionRecord['logging'] {
  const wanted = (value ?? {}) as Record<string, unknown>;
  only('LoggingConfig', wanted, ['LogFormat', 'LogGroup', 'ApplicationLogLevel', 'SystemLogLevel']);
  const format = wanted['LogFormat'] ?? before?.format ?? 'Text';
  if (format !== 'Text' && format !== 'JSON') throw invalid(`LogFormat must be Text or JSON, not ${String(format)}.`);
  if (format === 'Text' && (wanted['ApplicationLogLevel'] !== undefined || wanted['SystemLogLevel'] !== undefined))
    throw invalid('ApplicationLogLevel and SystemLogLevel can only be used with LogFormat JSON.');
  const application = wanted['ApplicationLogLevel'] ?? before?.applicationLevel;
  const system = wanted['SystemLogLevel'] ?? before?.systemLevel;
  return {
    format,
    group: String(wanted['LogGroup'] ?? before?.group ?? `/aws/lambda/${name}`),
    ...(format === 'JSON' && application !== undefined ? { applicationLevel: String(application) } : {}),
    ...(format === 'JSON' && system !== undefined ? { systemLevel: String(system) } : {}),
  };
}

function tagsOf(value: unknown): Record<string, string> {
  const tags = (value ?? {}) as Record<string, unknown>;
  for (const [key, text] of Object.entries(tags))
    if (typeof text !== 'string' || key.length < 1 || key.length > 128)
      throw invalid(`The tag ${key} is not a pair of strings.`);
  return { ...tags } as Record<string, string>;
}

/** `ZipFile`: base64 on the wire, bytes from another service. Nothing else is carried (no S3, no images). */
function codeOf(
  operation: string,
  code: Input,
  context: Context,
): Pick<FunctionRecord, 'code' | 'codeSize' | 'codeSha256'> {
  const given: unknown = code['ZipFile'];
  if (given === undefined)
    throw code['S3Bucket'] !== undefined || code['ImageUri'] !== undefined
      ? refuse(operation, code['S3Bucket'] !== undefined ? 'S3Bucket' : 'ImageUri')
      : invalid('Please provide a source for function code.');
  const zip = given instanceof Uint8Array ? Buffer.from(given) : Buffer.from(String(given), 'base64');
  if (zip.length > LARGEST_ZIP)
    throw new ServiceError(
      'RequestEntityTooLargeException',
      `Request must be smaller than ${LARGEST_ZIP} bytes for the ${operation} operation`,
      413,
    );
  let files: number;
  try {
    files = readZip(zip).length;
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw invalid('Could not unzip uploaded file. Please check your file, then try to upload again.');
  }
  if (files === 0) throw invalid('Uploaded file must be a non-empty zip');
  return {
    code: context.archive(zip.toString('base64')),
    codeSize: zip.length,
    codeSha256: createHash('sha256').update(zip).digest('base64'),
  };
}

/** Can Lambda act under this role? Asked when a function is made and when its role changes. */
async function checkRole(role: unknown, name: string, context: Context): Promise<string> {
  if (typeof role !== 'string' || !/^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@\-/]+$/.test(role))
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value '${String(role)}' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+`,
      400,
    );
  const where = { account: context.account, sourceArn: functionArn(name, context) };
  if (role.split(':')[4] !== context.account)
    throw invalid('The role defined for the function cannot be assumed by Lambda.');
  await context.world.assume(role, 'lambda.amazonaws.com', name, where).catch(() => {
    throw invalid('The role defined for the function cannot be assumed by Lambda.');
  });
  return role;
}

function passRole(input: Input): Permission[] {
  return typeof input['Role'] === 'string'
    ? [
        {
          action: 'iam:PassRole',
          resource: input['Role'],
          context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
        },
      ]
    : [];
}

function handlerOf(value: unknown): string {
  if (typeof value !== 'string' || !/^[^\s]{1,128}$/.test(value))
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value '${String(value)}' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\\s]+`,
      400,
    );
  return value;
}

const createFunction: Action = {
  permissions: (input, context) => [
    ...onFunction('CreateFunction')(input, context),
    ...passRole(input),
    ...(Object.keys((input['Tags'] ?? {}) as object).length > 0 ? onFunction('TagResource')(input, context) : []),
  ],
  async run(input, context) {
    only('CreateFunction', input, [...CONFIGURATION, 'Code', 'Tags', 'Publish', 'PackageType', 'Architectures']);
    nothingElse('CreateFunction', input);
    if (input['Publish'] === true) throw refuse('CreateFunction', 'Publish');
    if ((input['PackageType'] ?? 'Zip') !== 'Zip') throw refuse('CreateFunction', 'PackageType Image');
    const { name } = functionName(input['FunctionName'], context);
    const runtime = checkRuntime(input['Runtime'], context.now());
    const handler = handlerOf(input['Handler']);
    const role = await checkRole(input['Role'], name, context);
    const functions = context.table<FunctionRecord>('functions');
    if (functions.has(name))
      throw new ServiceError('ResourceConflictException', `Function already exist: ${name}`, 409, { Type: 'User' });
    const [architecture = 'x86_64', ...others] = (input['Architectures'] ?? []) as string[];
    if (others.length > 0 || !['x86_64', 'arm64'].includes(architecture))
      throw invalid(`Architectures must be one of x86_64 and arm64.`);
    const record: FunctionRecord = {
      name,
      arn: functionArn(name, context),
      runtime,
      role,
      handler,
      description: String(input['Description'] ?? ''),
      timeout: between(input, 'Timeout', 1, 900, 3),
      memorySize: between(input, 'MemorySize', 128, 10_240, 128),
      ephemeral: between((input['EphemeralStorage'] ?? {}) as Input, 'Size', 512, 10_240, 512),
      architecture,
      environment: environmentOf(input['Environment']),
      ...codeOf('CreateFunction', (input['Code'] ?? {}) as Input, context),
      tracing: (input['TracingConfig'] as { Mode?: string } | undefined)?.Mode === 'Active' ? 'Active' : 'PassThrough',
      logging: loggingOf(input['LoggingConfig'], name),
      tags: tagsOf(input['Tags']),
      modified: context.now(),
      revisionId: context.world.uuid(),
      state: 'Pending',
      update: 'InProgress',
      policy: [],
      policyRevision: context.world.uuid(),
    };
    functions.put(name, record);
    becomeActive(record, context);
    return configuration(record);
  },
};

/** A function that is being made or changed is ready a moment later; also after a restart. */
export function becomeActive(record: FunctionRecord, context: Context): void {
  if (record.state === 'Active' && record.update === 'Successful') return;
  context.world.background(`lambda ${record.name}`, async () => {
    await context.world.pause();
    const now = context.table<FunctionRecord>('functions').get(record.name);
    if (!now || now.revisionId !== record.revisionId) return;
    context.table<FunctionRecord>('functions').put(record.name, { ...now, state: 'Active', update: 'Successful' });
  });
}

/** Refuses a change while the one before is still under way, or of a revision that is not the one meant. */
function changeable(record: FunctionRecord, input: Input): void {
  if (record.state === 'Pending' || record.update === 'InProgress')
    throw new ServiceError(
      'ResourceConflictException',
      `The operation cannot be performed at this time. ${record.state === 'Pending' ? 'The function is currently in the following state: Pending' : `An update is in progress for resource: ${record.arn}`}`,
      409,
      { Type: 'User' },
    );
  if (input['RevisionId'] !== undefined && input['RevisionId'] !== record.revisionId)
    throw new ServiceError(
      'PreconditionFailedException',
      'The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId',
      412,
      { Type: 'User' },
    );
}

function change(record: FunctionRecord, changes: Partial<FunctionRecord>, context: Context): Output {
  const next: FunctionRecord = {
    ...record,
    ...changes,
    modified: context.now(),
    revisionId: context.world.uuid(),
    update: 'InProgress',
  };
  context.table<FunctionRecord>('functions').put(record.name, next);
  running(context.world).pool.retire(environmentPrefix(record));
  becomeActive(next, context);
  return configuration(next);
}

const updateFunctionCode: Action = {
  permissions: onFunction('UpdateFunctionCode'),
  run(input, context) {
    only('UpdateFunctionCode', input, [
      'FunctionName',
      'ZipFile',
      'S3Bucket',
      'S3Key',
      'ImageUri',
      'Publish',
      'DryRun',
      'RevisionId',
      'Architectures',
    ]);
    if (input['Publish'] === true) throw refuse('UpdateFunctionCode', 'Publish');
    const record = findFunction(input, context);
    changeable(record, input);
    const code = codeOf('UpdateFunctionCode', input, context);
    if (input['DryRun'] === true) return configuration({ ...record, ...code });
    const [architecture = record.architecture] = (input['Architectures'] ?? []) as string[];
    return change(record, { ...code, architecture }, context);
  },
};

const updateFunctionConfiguration: Action = {
  permissions: (input, context) => [...onFunction('UpdateFunctionConfiguration')(input, context), ...passRole(input)],
  async run(input, context) {
    only('UpdateFunctionConfiguration', input, [...CONFIGURATION, 'RevisionId']);
    nothingElse('UpdateFunctionConfiguration', input);
    const record = findFunction(input, context);
    changeable(record, input);
    const changes: Partial<FunctionRecord> = {};
    if (input['Runtime'] !== undefined) changes.runtime = checkRuntime(input['Runtime'], context.now());
    if (input['Handler'] !== undefined) changes.handler = handlerOf(input['Handler']);
    if (input['Role'] !== undefined) changes.role = await checkRole(input['Role'], record.name, context);
    if (input['Description'] !== undefined) changes.description = String(input['Description']);
    if (input['Timeout'] !== undefined) changes.timeout = between(input, 'Timeout', 1, 900, 3);
    if (input['MemorySize'] !== undefined) changes.memorySize = between(input, 'MemorySize', 128, 10_240, 128);
    if (input['Environment'] !== undefined) changes.environment = environmentOf(input['Environment']);
    if (input['EphemeralStorage'] !== undefined)
      changes.ephemeral = between(input['EphemeralStorage'] as Input, 'Size', 512, 10_240, 512);
    if (input['TracingConfig'] !== undefined)
      changes.tracing = (input['TracingConfig'] as { Mode?: string }).Mode === 'Active' ? 'Active' : 'PassThrough';
    if (input['LoggingConfig'] !== undefined)
      changes.logging = loggingOf(input['LoggingConfig'], record.name, record.logging);
    return change(record, changes, context);
  },
};

const getFunction: Action = {
  permissions: onFunction('GetFunction'),
  run(input, context) {
    const record = findFunction(input, context);
    const at = `${context.world.endpoint}/_presso/given/lambda/${context.account}/${context.region}/${record.name}`;
    return {
      Configuration: configuration(record),
      Code: { RepositoryType: 'S3', Location: `${at}?revision=${record.revisionId}` },
      ...(Object.keys(record.tags).length > 0 ? { Tags: record.tags } : {}),
    };
  },
};

/** The archive of a function, for who was told its address by GetFunction; another revision has another address. */
export async function giveCode(path: string, query: URLSearchParams, world: World): Promise<RawResponse | undefined> {
  const [account = '', region = '', name = ''] = path.split('/');
  if (!/^\d{12}$/.test(account)) return undefined;
  const store = await world.open(account);
  const record = store.table<FunctionRecord>('lambda', region, 'functions').get(name);
  if (!record || query.get('revision') !== record.revisionId) return undefined;
  return {
    status: 200,
    headers: { 'content-type': 'application/zip' },
    body: Buffer.from(await store.unarchive(record.code), 'base64'),
  };
}

const getFunctionConfiguration: Action = {
  permissions: onFunction('GetFunctionConfiguration'),
  run: (input, context) => configuration(findFunction(input, context)),
};

const deleteFunction: Action = {
  permissions: onFunction('DeleteFunction'),
  run(input, context) {
    const record = findFunction(input, context);
    if (input['Qualifier'] !== undefined)
      throw invalid('$LATEST version cannot be deleted without deleting the function.');
    context.table<FunctionRecord>('functions').delete(record.name);
    running(context.world).pool.retire(environmentPrefix(record));
    return { $status: 204 };
  },
};

/** A page of `all`, by Marker. */
export function page<T>(all: T[], input: Input, usual: number): { items: T[]; next: string | undefined } {
  const size = Number(input['MaxItems'] ?? usual);
  if (!Number.isInteger(size) || size < 1 || size > 10_000)
    throw invalid(`MaxItems must be a number from 1 to 10000, not ${String(input['MaxItems'])}.`);
  const from = input['Marker'] === undefined ? 0 : Number(Buffer.from(String(input['Marker']), 'base64').toString());
  if (!Number.isInteger(from) || from < 0) throw invalid('The Marker is not one of ListFunctions.');
  const items = all.slice(from, from + Math.min(size, usual));
  const end = from + items.length;
  return { items, next: end < all.length ? Buffer.from(String(end)).toString('base64') : undefined };
}

const listFunctions: Action = {
  permissions: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
  run(input, context) {
    only('ListFunctions', input, ['Marker', 'MaxItems', 'FunctionVersion', 'MasterRegion']);
    const all = [...context.table<FunctionRecord>('functions').values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const { items, next } = page(all, input, 50);
    const shown = items.map((record) => {
      const { State, StateReason, StateReasonCode, LastUpdateStatus, ...rest } = configuration(record);
      return rest;
    });
    return { Functions: shown, ...(next ? { NextMarker: next } : {}) };
  },
};

const listVersionsByFunction: Action = {
  permissions: onFunction('ListVersionsByFunction'),
  run: (input, context) => ({
    Versions: [
      { ...configuration(findFunction(input, context)), FunctionArn: `${findFunction(input, context).arn}:$LATEST` },
    ],
  }),
};

const getAccountSettings: Action = {
  permissions: () => [{ action: 'lambda:GetAccountSettings', resource: '*' }],
  run(_input, context) {
    const all = [...context.table<FunctionRecord>('functions').values()];
    return {
      AccountLimit: {
        TotalCodeSize: 80_530_636_800,
        CodeSizeUnzipped: 262_144_000,
        CodeSizeZipped: LARGEST_ZIP,
        ConcurrentExecutions: 1_000,
        UnreservedConcurrentExecutions: 1_000,
      },
      AccountUsage: {
        TotalCodeSize: all.reduce((sum, { codeSize }) => sum + codeSize, 0),
        FunctionCount: all.length,
      },
    };
  },
};

/** Tags are asked for by ARN, of a function or of an event source mapping. */
function tagged(
  input: Input,
  context: Context,
): { tags: Record<string, string>; put(tags: Record<string, string>): void } {
  const arn = String(input['Resource'] ?? '');
  const uuid = /:event-source-mapping:([\w-]+)$/.exec(arn)?.[1];
  if (uuid !== undefined) {
    const mappings = context.table<MappingRecord>('mappings');
    const mapping = mappings.get(uuid);
    if (!mapping)
      throw new ServiceError('ResourceNotFoundException', 'The resource you requested does not exist.', 404, {
        Type: 'User',
      });
    return { tags: mapping.tags, put: (tags) => mappings.put(uuid, { ...mapping, tags }) };
  }
  const functions = context.table<FunctionRecord>('functions');
  const record = functions.get(functionName(arn, context).name);
  if (!record || record.arn !== arn) throw notFound(arn);
  return { tags: record.tags, put: (tags) => functions.put(record.name, { ...record, tags }) };
}

const onResource = (action: string) => (input: Input) => [
  { action: `lambda:${action}`, resource: String(input['Resource'] ?? '*') },
];

const listTags: Action = {
  permissions: onResource('ListTags'),
  run: (input, context) => ({ Tags: tagged(input, context).tags }),
};

const tagResource: Action = {
  permissions: onResource('TagResource'),
  run(input, context) {
    const { tags, put } = tagged(input, context);
    put({ ...tags, ...tagsOf(input['Tags']) });
    return { $status: 204 };
  },
};

const untagResource: Action = {
  permissions: onResource('UntagResource'),
  run(input, context) {
    const { tags, put } = tagged(input, context);
    const gone = [input['TagKeys'] as unknown].flat();
    put(Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key))));
    return { $status: 204 };
  },
};

export const functionActions: Record<string, Action> = {
  CreateFunction: createFunction,
  UpdateFunctionCode: updateFunctionCode,
  UpdateFunctionConfiguration: updateFunctionConfiguration,
  GetFunction: getFunction,
  GetFunctionConfiguration: getFunctionConfiguration,
  DeleteFunction: deleteFunction,
  ListFunctions: listFunctions,
  ListVersionsByFunction: listVersionsByFunction,
  GetAccountSettings: getAccountSettings,
  ListTags: listTags,
  TagResource: tagResource,
  UntagResource: untagResource,
};
