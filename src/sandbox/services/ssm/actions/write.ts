/** PutParameter, DeleteParameter(s), tags. */
import { ServiceError } from '../../../errors.ts';
import { principalArn } from '../../../identity.ts';
import { boolean, must, readMembers, text } from '../../../members.ts';
import type { Action, Context, Input, Permission } from '../../../service.ts';
import {
  checkName,
  history,
  MOST_VERSIONS,
  nameField,
  optionalText,
  type ParameterRecord,
  parameterArn,
  parameterNotFound,
  parameters,
  tagsField,
} from '../parameters.ts';

const onName =
  (action: string) =>
  (input: Input, context: Context): Permission[] => [
    { action, resource: parameterArn(context, String(input['Name'] ?? '')) },
  ];

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message, 400);
}

const putParameter: Action = {
  permissions: (input, context) => [
    ...onName('ssm:PutParameter')(input, context),
    ...(input['Tags'] ? onName('ssm:AddTagsToResource')(input, context) : []),
  ],
  run(input, context) {
    const wanted = readMembers(input, {
      Name: nameField(),
      Description: optionalText(1024),
      Value: must.text({ min: 1, secret: true }),
      Type: text({ oneOf: ['String', 'StringList', 'SecureString'] as const }),
      KeyId: text({ min: 1, max: 256 }),
      Overwrite: boolean(),
      AllowedPattern: optionalText(1024),
      Tags: tagsField(),
      Tier: text({ oneOf: ['Standard', 'Advanced', 'Intelligent-Tiering'] as const }),
      DataType: text({ max: 128 }),
    });
    checkName(wanted.Name);
    const current = parameters(context).get(wanted.Name);
    if (current && wanted.Overwrite !== true)
      throw new ServiceError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
        400,
      );
    if (current && wanted.Tags)
      throw invalid(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
      );
    const type = wanted.Type ?? current?.type;
    if (!type) throw invalid('A parameter type is required when you create a parameter.');
    if (current && current.type !== type)
      throw new ServiceError(
        'HierarchyTypeMismatchException',
        `Parameter Store does not support changing a parameter's type: ${wanted.Name} is a ${current.type}.`,
        400,
      );
    if (wanted.DataType !== undefined && wanted.DataType !== 'text')
      throw invalid(`The sandbox does not carry parameters of the data type ${wanted.DataType}.`);
    if (wanted.KeyId !== undefined && (type !== 'SecureString' || wanted.KeyId !== 'alias/aws/ssm'))
      throw invalid(
        type === 'SecureString'
          ? `The sandbox has no key ${wanted.KeyId}; only alias/aws/ssm.`
          : 'KeyId is required for SecureString type parameter only.',
      );
    const bytes = Buffer.byteLength(wanted.Value);
    const tier =
      wanted.Tier === 'Intelligent-Tiering'
        ? bytes > 4096 || current?.tier === 'Advanced'
          ? 'Advanced'
          : 'Standard'
        : (wanted.Tier ?? current?.tier ?? 'Standard');
    if (current?.tier === 'Advanced' && tier === 'Standard')
      throw invalid(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier.",
      );
    if (bytes > (tier === 'Advanced' ? 8192 : 4096))
      throw invalid(
        tier === 'Advanced'
          ? 'Advanced tier parameters support a maximum parameter value of 8192 characters.'
          : 'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.',
      );
    checkAllowedPattern(wanted.AllowedPattern, wanted.Value);
    if (type === 'StringList' && wanted.Value.split(',').some((item) => item === ''))
      throw invalid('Parameter value: a StringList holds items divided by commas, none of them empty.');
    if (!current && parameters(context).size >= 10_000)
      throw new ServiceError(
        'ParameterLimitExceeded',
        'You have exceeded the number of parameters for this AWS account.',
        400,
      );
    const version = (current?.current.version ?? 0) + 1;
    if (current) {
      history(context).put(`${wanted.Name}:${version - 1}`, current.current);
      history(context).delete(`${wanted.Name}:${version - MOST_VERSIONS}`);
    }
    const tags = Object.fromEntries((wanted.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    const record: ParameterRecord = {
      name: wanted.Name,
      type,
      tier,
      tags: current?.tags ?? tags,
      current: {
        version,
        value: wanted.Value,
        ...(type === 'SecureString' ? { cipher: cipher(context, bytes) } : {}),
        ...(wanted.Description === undefined ? {} : { description: wanted.Description }),
        ...(wanted.AllowedPattern === undefined ? {} : { allowedPattern: wanted.AllowedPattern }),
        modified: context.now(),
        user: principalArn(context.caller),
      },
    };
    parameters(context).put(wanted.Name, record);
    return { Version: version, Tier: tier };
  },
};

function checkAllowedPattern(pattern: string | undefined, value: string): void {
  if (pattern === undefined || pattern === '') return;
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch {
    throw new ServiceError(
      'InvalidAllowedPatternException',
      'The request does not meet the regular expression requirement.',
      400,
    );
  }
  if (!expression.test(value))
    throw new ServiceError(
      'ParameterPatternMismatchException',
      `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
      400,
    );
}

/** Looks like KMS's ciphertext, tells nothing: what is shown in place of a secret. */
function cipher(context: Context, bytes: number): string {
  return `AQICAH${Buffer.from(context.world.random(120 + bytes)).toString('base64')}`;
}

function remove(context: Context, name: string): boolean {
  const record = parameters(context).get(name);
  if (!record) return false;
  parameters(context).delete(name);
  for (let version = record.current.version - 1; version > record.current.version - MOST_VERSIONS; version--)
    if (version > 0) history(context).delete(`${name}:${version}`);
  return true;
}

const deleteParameter: Action = {
  permissions: onName('ssm:DeleteParameter'),
  run(input, context) {
    if (!remove(context, readMembers(input, { Name: nameField() }).Name)) throw parameterNotFound();
    return {};
  },
};

const deleteParameters: Action = {
  permissions: (input, context) =>
    (Array.isArray(input['Names']) ? input['Names'] : []).map((name: unknown) => ({
      action: 'ssm:DeleteParameters',
      resource: parameterArn(context, String(name)),
    })),
  run(input, context) {
    const { Names } = readMembers(input, { Names: must.list(nameField(), { min: 1, max: 10 }) });
    const deleted = Names.filter((name) => remove(context, name));
    return { DeletedParameters: deleted, InvalidParameters: Names.filter((name) => !deleted.includes(name)) };
  },
};

const onResource =
  (action: string) =>
  (input: Input, context: Context): Permission[] => [
    { action, resource: parameterArn(context, String(input['ResourceId'] ?? '')) },
  ];
const resource = {
  ResourceType: must.text({
    oneOf: [
      'Document',
      'ManagedInstance',
      'MaintenanceWindow',
      'Parameter',
      'PatchBaseline',
      'OpsItem',
      'OpsMetadata',
      'Automation',
      'Association',
    ],
  }),
  ResourceId: must.text(),
};

function taggedParameter(context: Context, wanted: { ResourceType: string; ResourceId: string }): ParameterRecord {
  if (wanted.ResourceType !== 'Parameter')
    throw new ServiceError(
      'InvalidResourceType',
      `The sandbox carries the resource type Parameter only, not ${wanted.ResourceType}.`,
      400,
    );
  const record = parameters(context).get(wanted.ResourceId);
  if (!record)
    throw new ServiceError(
      'InvalidResourceId',
      'The resource ID is not valid. Verify that you entered the correct ID and try again.',
      400,
    );
  return record;
}

const addTagsToResource: Action = {
  permissions: onResource('ssm:AddTagsToResource'),
  run(input, context) {
    const wanted = readMembers(input, {
      ...resource,
      Tags: must.list(must.structure({ Key: must.text({ min: 1, max: 128 }), Value: must.text({ max: 256 }) }), {
        max: 1000,
      }),
    });
    const record = taggedParameter(context, wanted);
    const tags = { ...record.tags, ...Object.fromEntries(wanted.Tags.map(({ Key, Value }) => [Key, Value])) };
    if (Object.keys(tags).length > 50)
      throw new ServiceError('TooManyTagsError', 'The Targets parameter includes too many tags.', 400);
    parameters(context).put(record.name, { ...record, tags });
    return {};
  },
};

const removeTagsFromResource: Action = {
  permissions: onResource('ssm:RemoveTagsFromResource'),
  run(input, context) {
    const wanted = readMembers(input, { ...resource, TagKeys: must.list(must.text({ min: 1, max: 128 })) });
    const record = taggedParameter(context, wanted);
    const tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !wanted.TagKeys.includes(key)));
    parameters(context).put(record.name, { ...record, tags });
    return {};
  },
};

const listTagsForResource: Action = {
  permissions: onResource('ssm:ListTagsForResource'),
  run(input, context) {
    const record = taggedParameter(context, readMembers(input, resource));
    return { TagList: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })) };
  },
};

export const writeActions: Record<string, Action> = {
  PutParameter: putParameter,
  DeleteParameter: deleteParameter,
  DeleteParameters: deleteParameters,
  AddTagsToResource: addTagsToResource,
  RemoveTagsFromResource: removeTagsFromResource,
  ListTagsForResource: listTagsForResource,
};
