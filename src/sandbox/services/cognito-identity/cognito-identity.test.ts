import { expect, test } from 'vitest';
import { withSandbox } from '../../../testing/sandbox.ts';

type Json = Record<string, unknown>;

/** Calls as an SDK does: there is no client of this service among the project's packages. */
const client = (sandbox: { endpoint: string }) => async (action: string, input: Json) => {
  const response = await fetch(sandbox.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityService.${action}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/cognito-identity/aws4_request',
    },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as Json;
  if (response.status !== 200) throw Object.assign(new Error(String(answer['message'])), { name: answer['__type'] });
  return answer;
};

const ProviderName = 'cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123';
const settings = {
  IdentityPoolName: 'ServerlesspressoIdentityPool',
  AllowUnauthenticatedIdentities: false,
  CognitoIdentityProviders: [{ ProviderName, ClientId: 'client', ServerSideTokenCheck: true }],
};

test('an identity pool is made, changed, tagged, listed and deleted', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const made = await call('CreateIdentityPool', { ...settings, IdentityPoolTags: { a: 'b' } });
    const { IdentityPoolId } = made;
    expect(IdentityPoolId).toMatch(/^us-east-1:[0-9a-f-]{36}$/);
    expect(await call('DescribeIdentityPool', { IdentityPoolId })).toMatchObject({
      ...settings,
      IdentityPoolTags: { a: 'b' },
    });
    await call('UpdateIdentityPool', { ...settings, IdentityPoolId, AllowUnauthenticatedIdentities: true });
    expect(await call('DescribeIdentityPool', { IdentityPoolId })).toMatchObject({
      AllowUnauthenticatedIdentities: true,
    });
    const ResourceArn = `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${IdentityPoolId}`;
    await call('TagResource', { ResourceArn, Tags: { c: 'd' } });
    await call('UntagResource', { ResourceArn, TagKeys: ['a'] });
    expect(await call('ListTagsForResource', { ResourceArn })).toEqual({ Tags: { c: 'd' } });
    await call('CreateIdentityPool', settings);
    const first = await call('ListIdentityPools', { MaxResults: 1 });
    const second = await call('ListIdentityPools', { MaxResults: 1, NextToken: first['NextToken'] });
    expect(second['IdentityPools']).toHaveLength(1);
    expect(second['NextToken']).toBeUndefined();
    await call('DeleteIdentityPool', { IdentityPoolId });
    await expect(call('DescribeIdentityPool', { IdentityPoolId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `IdentityPool '${IdentityPoolId}' not found.`,
    });
  }));

test('roles, role mappings and the tags of principals are kept; what makes no sense is refused', () =>
  withSandbox(async (sandbox) => {
    const call = client(sandbox);
    const { IdentityPoolId } = await call('CreateIdentityPool', settings);
    const Roles = { authenticated: 'arn:aws:iam::123456789012:role/Customer' };
    const RoleMappings = {
      [`${ProviderName}:client`]: { Type: 'Token', AmbiguousRoleResolution: 'AuthenticatedRole' },
    };
    await call('SetIdentityPoolRoles', { IdentityPoolId, Roles, RoleMappings });
    expect(await call('GetIdentityPoolRoles', { IdentityPoolId })).toEqual({ IdentityPoolId, Roles, RoleMappings });
    await expect(
      call('SetIdentityPoolRoles', { IdentityPoolId, Roles: { guests: Roles.authenticated } }),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const mapping = { IdentityPoolId, IdentityProviderName: ProviderName };
    await call('SetPrincipalTagAttributeMap', { ...mapping, UseDefaults: false, PrincipalTags: { userId: 'sub' } });
    expect(await call('GetPrincipalTagAttributeMap', mapping)).toMatchObject({ PrincipalTags: { userId: 'sub' } });
    await expect(
      call('CreateIdentityPool', { ...settings, CognitoIdentityProviders: [{ ProviderName: 'x', ClientId: 'y' }] }),
    ).rejects.toThrow('Invalid Cognito Identity Provider');
    await expect(call('GetId', { IdentityPoolId })).rejects.toThrow('cognito-identity:GetId');
  }));
