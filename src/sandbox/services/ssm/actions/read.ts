/** GetParameter(s), GetParametersByPath, DescribeParameters, GetParameterHistory. */
import { ServiceError } from '../../../errors.ts';
import { boolean, integer, list, must, page, readMembers, text } from '../../../members.ts';
import type { Action, Context, Input } from '../../../service.ts';
import {
  find,
  history,
  invalidToken,
  metadataOut,
  nameField,
  type ParameterRecord,
  parameterArn,
  parameterNotFound,
  parameterOut,
  parameters,
} from '../parameters.ts';

const filters = () =>
  list(
    must.structure({
      Key: must.text({ min: 1, max: 132 }),
      Option: text({ min: 1, max: 10 }),
      Values: list(must.text({ min: 1, max: 1024 }), { max: 50 }),
    }),
  );

const resourceOf = (context: Context, asked: string): string =>
  asked.startsWith('arn:') ? asked : parameterArn(context, asked.replace(/:[^:/]+$/, ''));

const getParameter: Action = {
  permissions: (input, context) => [
    { action: 'ssm:GetParameter', resource: resourceOf(context, String(input['Name'] ?? '')) },
  ],
  run(input, context) {
    const wanted = readMembers(input, { Name: nameField(), WithDecryption: boolean() });
    const found = find(context, wanted.Name);
    if (!found) throw parameterNotFound();
    return { Parameter: parameterOut(context, found, wanted.WithDecryption === true) };
  },
};

const getParameters: Action = {
  permissions: (input, context) =>
    (Array.isArray(input['Names']) ? input['Names'] : []).map((name: unknown) => ({
      action: 'ssm:GetParameters',
      resource: resourceOf(context, String(name)),
    })),
  run(input, context) {
    const wanted = readMembers(input, {
      Names: must.list(nameField(), { min: 1, max: 10 }),
      WithDecryption: boolean(),
    });
    if (new Set(wanted.Names).size !== wanted.Names.length)
      throw new ServiceError('ValidationException', 'Duplicate parameters are not allowed in the request.', 400);
    const invalid: string[] = [];
    const found = wanted.Names.flatMap((name) => {
      const parameter = findOrNothing(context, name);
      if (!parameter) invalid.push(name);
      return parameter ? [parameterOut(context, parameter, wanted.WithDecryption === true)] : [];
    });
    return { Parameters: found, InvalidParameters: invalid };
  },
};

/** GetParameters answers a version that is not there among the invalid names. */
function findOrNothing(context: Context, name: string): ReturnType<typeof find> {
  try {
    return find(context, name);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ParameterVersionNotFound') return undefined;
    throw error;
  }
}

const getParametersByPath: Action = {
  permissions: (input, context) => [
    {
      action: 'ssm:GetParametersByPath',
      resource: parameterArn(context, String(input['Path'] ?? '').replace(/(?<=.)\/$/, '')),
      context: { 'ssm:recursive': String(input['Recursive'] === true) },
    },
  ],
  run(input, context) {
    const wanted = readMembers(input, {
      Path: must.text({ min: 1, max: 2048 }),
      Recursive: boolean(),
      ParameterFilters: filters(),
      WithDecryption: boolean(),
      MaxResults: integer({ min: 1, max: 10 }),
      NextToken: text(),
    });
    if (!wanted.Path.startsWith('/'))
      throw new ServiceError(
        'ValidationException',
        'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.',
        400,
      );
    if (/^\/aws(?:\/|$)/.test(wanted.Path)) find(context, `${wanted.Path.replace(/\/$/, '')}/`);
    const prefix = wanted.Path.endsWith('/') ? wanted.Path : `${wanted.Path}/`;
    for (const { Key } of wanted.ParameterFilters ?? []) if (Key !== 'Type') throw invalidFilter(Key);
    const found = sorted(context).filter(
      (parameter) =>
        inside(parameter.name, prefix, wanted.Recursive === true) &&
        (wanted.ParameterFilters ?? []).every((filter) => matches(parameter, filter)),
    );
    const { items, next } = page(found, wanted.NextToken, wanted.MaxResults ?? 10, `by path ${prefix}`, invalidToken);
    return {
      Parameters: items.map((parameter) =>
        parameterOut(
          context,
          { parameter, version: parameter.current, selector: undefined },
          wanted.WithDecryption === true,
        ),
      ),
      NextToken: next,
    };
  },
};

function sorted(context: Context): ParameterRecord[] {
  return [...parameters(context).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function inside(name: string, prefix: string, recursive: boolean): boolean {
  const full = name.startsWith('/') ? name : `/${name}`;
  return full.startsWith(prefix) && (recursive || !full.slice(prefix.length).includes('/'));
}

function invalidFilter(key: string): ServiceError {
  return new ServiceError(
    'InvalidFilterKey',
    `The following filter key is not valid: ${key}. Valid filter keys include: [tag:, Name, Type, KeyId, Path, Tier, DataType].`,
    400,
  );
}

interface Filter {
  Key: string;
  Option?: string | undefined;
  Values?: string[] | undefined;
}

function matches(parameter: ParameterRecord, { Key, Option, Values = [] }: Filter): boolean {
  const option = Option ?? (Key === 'Path' ? 'OneLevel' : 'Equals');
  const badOption = (): ServiceError =>
    new ServiceError(
      'InvalidFilterOption',
      `The following filter option is not valid: ${option}. Valid options for ${Key} differ.`,
      400,
    );
  if (Key === 'Path') {
    if (option !== 'OneLevel' && option !== 'Recursive') throw badOption();
    return Values.some((value) =>
      inside(parameter.name, value.endsWith('/') ? value : `${value}/`, option === 'Recursive'),
    );
  }
  const value =
    Key === 'Name'
      ? parameter.name
      : Key === 'Type'
        ? parameter.type
        : Key === 'Tier'
          ? parameter.tier
          : Key === 'DataType'
            ? 'text'
            : Key === 'KeyId'
              ? parameter.type === 'SecureString'
                ? 'alias/aws/ssm'
                : undefined
              : Key.startsWith('tag:')
                ? parameter.tags[Key.slice(4)]
                : null;
  if (value === null) throw invalidFilter(Key);
  if (option !== 'Equals' && !(Key === 'Name' && (option === 'BeginsWith' || option === 'Contains'))) {
    if (!(Key === 'KeyId' && option === 'BeginsWith')) throw badOption();
  }
  if (value === undefined) return false;
  if (Values.length === 0) return Key.startsWith('tag:');
  // A name is found with and without its first slash.
  const bare = (text: string): string => (Key === 'Name' ? text.replace(/^\//, '') : text);
  return Values.some((wanted) =>
    option === 'Equals'
      ? bare(value) === bare(wanted)
      : option === 'BeginsWith'
        ? bare(value).startsWith(bare(wanted))
        : value.includes(wanted),
  );
}

const describeParameters: Action = {
  permissions: () => [{ action: 'ssm:DescribeParameters', resource: '*' }],
  run(input: Input, context) {
    const wanted = readMembers(input, {
      Filters: list(
        must.structure({
          Key: must.text({ oneOf: ['Name', 'Type', 'KeyId'] }),
          Values: must.list(must.text({ min: 1, max: 1024 }), { max: 50 }),
        }),
      ),
      ParameterFilters: filters(),
      MaxResults: integer({ min: 1, max: 50 }),
      NextToken: text(),
    });
    if (wanted.Filters && wanted.ParameterFilters)
      throw new ServiceError(
        'ValidationException',
        'You can use either Filters or ParameterFilters in a single request.',
        400,
      );
    // The older Filters find names by how they begin.
    const asked: Filter[] =
      wanted.ParameterFilters ??
      (wanted.Filters ?? []).map(({ Key, Values }) => ({
        Key,
        Values,
        Option: Key === 'Name' ? 'BeginsWith' : 'Equals',
      }));
    const found = sorted(context).filter((parameter) => asked.every((filter) => matches(parameter, filter)));
    const kind = `describe ${JSON.stringify(asked)}`;
    const { items, next } = page(found, wanted.NextToken, wanted.MaxResults ?? 10, kind, invalidToken);
    return { Parameters: items.map((parameter) => metadataOut(context, parameter)), NextToken: next };
  },
};

const getParameterHistory: Action = {
  permissions: (input, context) => [
    { action: 'ssm:GetParameterHistory', resource: parameterArn(context, String(input['Name'] ?? '')) },
  ],
  run(input, context) {
    const wanted = readMembers(input, {
      Name: nameField(),
      WithDecryption: boolean(),
      MaxResults: integer({ min: 1, max: 50 }),
      NextToken: text(),
    });
    const parameter = parameters(context).get(wanted.Name);
    if (!parameter) throw parameterNotFound();
    const versions = [];
    for (let version = 1; version < parameter.current.version; version++) {
      const earlier = history(context).get(`${parameter.name}:${version}`);
      if (earlier) versions.push(earlier);
    }
    versions.push(parameter.current);
    const { items, next } = page(
      versions,
      wanted.NextToken,
      wanted.MaxResults ?? 50,
      `history ${wanted.Name}`,
      invalidToken,
    );
    return {
      Parameters: items.map((version) => ({
        ...metadataOut(context, { ...parameter, current: version }),
        ARN: undefined,
        Value: parameter.type === 'SecureString' && wanted.WithDecryption !== true ? version.cipher : version.value,
        Labels: [],
      })),
      NextToken: next,
    };
  },
};

export const readActions: Record<string, Action> = {
  GetParameter: getParameter,
  GetParameters: getParameters,
  GetParametersByPath: getParametersByPath,
  DescribeParameters: describeParameters,
  GetParameterHistory: getParameterHistory,
};
