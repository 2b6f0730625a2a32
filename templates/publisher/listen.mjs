import { CognitoIdentityClient, GetIdCommand } from '@aws-sdk/client-cognito-identity';
import { AttachPolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import { answer, refusal } from '../shared/answer.mjs';
import { idTokenOf } from './token.mjs';

const cognito = new CognitoIdentityClient({ cacheMiddleware: true });
const iot = new IoTClient({ cacheMiddleware: true });

/** The identity comes from the token that the authorizer has checked, never from the caller's own word. */
export async function handler(event) {
  const token = idTokenOf(event);
  if (!token) return refusal(401, 'Send the ID token of your sign-in.');
  const provider = `cognito-idp.${process.env.AWS_REGION}.amazonaws.com/${process.env.USER_POOL_ID}`;
  const { IdentityId } = await cognito.send(
    new GetIdCommand({ IdentityPoolId: process.env.IDENTITY_POOL_ID, Logins: { [provider]: token } }),
  );
  await iot.send(new AttachPolicyCommand({ policyName: process.env.LISTEN_POLICY, target: IdentityId }));
  return answer(200, { identityId: IdentityId });
}
