import {
  AddTagsToResourceCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

const string = (Name: string, Value = 'v') => new PutParameterCommand({ Name, Value, Type: 'String' });

test('a parameter has versions, an ARN, and is overwritten only when asked', () =>
  withSandbox(async (sandbox) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    const Name = '/Serverlesspresso/core/UserPool';
    expect((await ssm.send(string(Name, 'one'))).Version).toBe(1);
    await expect(ssm.send(string(Name, 'two'))).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    const again = await ssm.send(new PutParameterCommand({ Name, Value: 'two', Overwrite: true }));
    expect(again.Version).toBe(2);
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    expect(Parameter).toMatchObject({
      Value: 'two',
      Version: 2,
      Type: 'String',
      ARN: 'arn:aws:ssm:us-east-1:123456789012:parameter/Serverlesspresso/core/UserPool',
    });
    expect((await ssm.send(new GetParameterCommand({ Name: `${Name}:1` }))).Parameter?.Value).toBe('one');
    expect((await ssm.send(new GetParameterCommand({ Name: Parameter?.ARN }))).Parameter?.Value).toBe('two');
    await expect(ssm.send(new GetParameterCommand({ Name: `${Name}:7` }))).rejects.toMatchObject({
      name: 'ParameterVersionNotFound',
    });
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name }));
    expect(Parameters?.map((version) => version.Value)).toEqual(['one', 'two']);
  }));

test('a SecureString is shown only to who asks to decrypt it', () =>
  withSandbox(async (sandbox) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    await ssm.send(new PutParameterCommand({ Name: 'secret', Value: 'hidden', Type: 'SecureString' }));
    const closed = await ssm.send(new GetParameterCommand({ Name: 'secret' }));
    expect(closed.Parameter?.Value).not.toContain('hidden');
    const open = await ssm.send(new GetParameterCommand({ Name: 'secret', WithDecryption: true }));
    expect(open.Parameter?.Value).toBe('hidden');
  }));

test('several are read at once, by path and in pages', () =>
  withSandbox(async (sandbox) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    for (const name of ['/a/1', '/a/2', '/a/b/3', 'plain']) await ssm.send(string(name));
    const several = await ssm.send(new GetParametersCommand({ Names: ['/a/1', 'none'] }));
    expect(several.Parameters?.map((parameter) => parameter.Name)).toEqual(['/a/1']);
    expect(several.InvalidParameters).toEqual(['none']);
    const level = await ssm.send(new GetParametersByPathCommand({ Path: '/a' }));
    expect(level.Parameters?.map((parameter) => parameter.Name)).toEqual(['/a/1', '/a/2']);
    const first = await ssm.send(new GetParametersByPathCommand({ Path: '/a', Recursive: true, MaxResults: 2 }));
    const second = await ssm.send(
      new GetParametersByPathCommand({ Path: '/a', Recursive: true, MaxResults: 2, NextToken: first.NextToken }),
    );
    expect(second.Parameters?.map((parameter) => parameter.Name)).toEqual(['/a/b/3']);
    expect(second.NextToken).toBeUndefined();
    const found = await ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/a/'] }] }),
    );
    expect(found.Parameters).toHaveLength(3);
    const gone = await ssm.send(new DeleteParametersCommand({ Names: ['/a/1', 'none'] }));
    expect(gone).toMatchObject({ DeletedParameters: ['/a/1'], InvalidParameters: ['none'] });
    await expect(ssm.send(new GetParameterCommand({ Name: '/a/1' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
  }));

test("names that are AWS's own, and members that are not built, are refused", () =>
  withSandbox(async (sandbox) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    await expect(ssm.send(string('/aws/x'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: 'No access to reserved parameter name: /aws/x.',
    });
    await expect(ssm.send(string('a/b'))).rejects.toThrow('Parameter name must be a fully qualified name.');
    await expect(ssm.send(new GetParameterCommand({ Name: '/aws/service/ami-amazon-linux-latest/x' }))).rejects.toThrow(
      '/aws/service/ami-amazon-linux-latest/x',
    );
    await expect(
      ssm.send(new PutParameterCommand({ Name: 'p', Value: 'v', Type: 'String', Policies: '[]' })),
    ).rejects.toThrow('Policies');
    await expect(ssm.send(string('big', 'x'.repeat(4097)))).rejects.toThrow('4096 characters');
  }));

test('tags are added, listed and removed', () =>
  withSandbox(async (sandbox) => {
    const ssm = new SSMClient(clientConfig(sandbox));
    await ssm.send(string('p'));
    const on = { ResourceType: 'Parameter', ResourceId: 'p' } as const;
    await ssm.send(
      new AddTagsToResourceCommand({
        ...on,
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'b', Value: '2' },
        ],
      }),
    );
    await ssm.send(new RemoveTagsFromResourceCommand({ ...on, TagKeys: ['a'] }));
    expect((await ssm.send(new ListTagsForResourceCommand(on))).TagList).toEqual([{ Key: 'b', Value: '2' }]);
  }));
