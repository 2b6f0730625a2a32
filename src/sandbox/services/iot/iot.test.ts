import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DescribeEndpointCommand,
  DetachPolicyCommand,
  GetPolicyCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListPoliciesCommand,
  ListTagsForResourceCommand,
  ListTargetsForPolicyCommand,
  TagResourceCommand,
} from '@aws-sdk/client-iot';
import { expect, test } from 'vitest';
import { clientConfig, withSandbox } from '../../../testing/sandbox.ts';

const policyDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }],
});
const target = 'us-east-1:12345678-1234-1234-1234-1234567890ab';

test('a policy that is attached cannot be deleted, nor for five minutes after it is detached', () =>
  withSandbox(async (sandbox) => {
    const iot = new IoTClient(clientConfig(sandbox));
    const policyName = 'ListenPolicy';
    const made = await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
    expect(made.policyArn).toBe('arn:aws:iot:us-east-1:123456789012:policy/ListenPolicy');
    await expect(iot.send(new CreatePolicyCommand({ policyName, policyDocument }))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      $metadata: { httpStatusCode: 409 },
    });
    await iot.send(new AttachPolicyCommand({ policyName, target }));
    const attached = await iot.send(new ListAttachedPoliciesCommand({ target }));
    expect(attached.policies?.map((policy) => policy.policyName)).toEqual([policyName]);
    expect((await iot.send(new ListTargetsForPolicyCommand({ policyName }))).targets).toEqual([target]);
    const conflict = {
      name: 'DeleteConflictException',
      message: 'The policy cannot be deleted as the policy is attached to one or more principals (name=ListenPolicy)',
    };
    await expect(iot.send(new DeletePolicyCommand({ policyName }))).rejects.toMatchObject(conflict);
    await iot.send(new DetachPolicyCommand({ policyName, target }));
    await expect(iot.send(new DeletePolicyCommand({ policyName }))).rejects.toMatchObject(conflict);
    await sandbox.advance(5 * 60_000);
    await iot.send(new DeletePolicyCommand({ policyName }));
    await expect(iot.send(new GetPolicyCommand({ policyName }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  }));

test('a policy has up to five versions and tags; a bad document is refused', () =>
  withSandbox(async (sandbox) => {
    const iot = new IoTClient(clientConfig(sandbox));
    const policyName = 'p';
    const { policyArn } = await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
    const second = await iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }));
    expect(second).toMatchObject({ policyVersionId: '2', isDefaultVersion: true });
    await expect(iot.send(new DeletePolicyCommand({ policyName }))).rejects.toMatchObject({
      name: 'DeleteConflictException',
    });
    await iot.send(new DeletePolicyVersionCommand({ policyName, policyVersionId: '1' }));
    for (let i = 0; i < 4; i++) await iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument }));
    await expect(iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument }))).rejects.toMatchObject({
      name: 'VersionsLimitExceededException',
    });
    await expect(
      iot.send(new CreatePolicyCommand({ policyName: 'q', policyDocument: '{"Version":"2012-10-17"}' })),
    ).rejects.toMatchObject({ name: 'MalformedPolicyException' });
    await iot.send(new TagResourceCommand({ resourceArn: policyArn, tags: [{ Key: 'a', Value: 'b' }] }));
    const tags = await iot.send(new ListTagsForResourceCommand({ resourceArn: policyArn }));
    expect(tags.tags).toEqual([{ Key: 'a', Value: 'b' }]);
  }));

test('policies are listed in pages', () =>
  withSandbox(async (sandbox) => {
    const iot = new IoTClient(clientConfig(sandbox));
    for (const policyName of ['a', 'b', 'c']) await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
    const first = await iot.send(new ListPoliciesCommand({ pageSize: 2, ascendingOrder: true }));
    const second = await iot.send(
      new ListPoliciesCommand({ pageSize: 2, ascendingOrder: true, marker: first.nextMarker }),
    );
    expect([...(first.policies ?? []), ...(second.policies ?? [])].map((policy) => policy.policyName)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(second.nextMarker).toBeUndefined();
  }));

test('the data endpoint is the sandbox itself', () =>
  withSandbox(async (sandbox) => {
    const iot = new IoTClient(clientConfig(sandbox));
    const { endpointAddress } = await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
    expect(`http://${endpointAddress}`).toBe(sandbox.endpoint);
    await expect(iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Jobs' }))).rejects.toThrow('iot:Jobs');
    await expect(iot.send(new CreateThingCommand({ thingName: 't' }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  }));

test('the AWS CLI 2.9 signs IoT as execute-api, and was refused for it', () =>
  withSandbox(async (sandbox) => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/execute-api/aws4_request';
    const response = await fetch(`${sandbox.endpoint}/endpoint?endpointType=iot:Data-ATS`, {
      headers: { authorization },
    });
    expect(await response.json()).toEqual({ endpointAddress: sandbox.endpoint.replace('http://', '') });
  }));
