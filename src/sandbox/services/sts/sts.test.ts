import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

test('the account is the access key when that is 12 digits, else the default one', () =>
  withSandbox(async (sandbox) => {
    const twelve = await new STSClient(clientConfig(sandbox, '210987654321')).send(new GetCallerIdentityCommand({}));
    expect(twelve).toMatchObject({ Account: '210987654321', Arn: 'arn:aws:iam::210987654321:root' });
    const other = await new STSClient(clientConfig(sandbox, 'test')).send(new GetCallerIdentityCommand({}));
    expect(other.Account).toBe('000000000000');
  }));

test('a role that does not exist cannot be assumed', () =>
  withSandbox(async (sandbox) => {
    const sts = new STSClient(clientConfig(sandbox));
    const command = new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::123456789012:role/none', RoleSessionName: 'me' });
    await expect(sts.send(command)).rejects.toMatchObject({ name: 'AccessDenied' });
  }));

test('an action that is not built is refused by its name', () =>
  withSandbox(async (sandbox) => {
    const response = await fetch(sandbox.endpoint, {
      method: 'POST',
      headers: {
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sts/aws4_request',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'Action=GetFederationToken&Version=2011-06-15',
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('<Code>InvalidAction</Code>');
  }));

test('foreign Host and Origin headers are refused', () =>
  withSandbox(async (sandbox) => {
    const response = await fetch(`${sandbox.endpoint}/_presso/health`, { headers: { origin: 'https://example.com' } });
    expect(response.status).toBe(403);
    const { request } = await import('node:http');
    const status = await new Promise((done, fail) => {
      const call = request(`${sandbox.endpoint}/_presso/health`, { headers: { host: 'rebound.example.com' } }, (r) =>
        done(r.statusCode),
      );
      call.on('error', fail);
      call.end();
    });
    expect(status).toBe(403);
  }));
