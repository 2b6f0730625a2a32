/** Loads the SDK clients of a reset ahead of their first call, a few milliseconds at a time between answers. */
import { setImmediate } from 'node:timers/promises';

const LOADS: (() => Promise<unknown>)[] = [
  () => import('@aws-sdk/client-cloudformation'),
  () => import('@aws-sdk/client-dynamodb'),
  () => import('@aws-sdk/client-lambda'),
  () => import('@aws-sdk/client-iam'),
  () => import('@aws-sdk/client-eventbridge'),
  () => import('@aws-sdk/client-sfn'),
  () => import('@aws-sdk/client-cloudwatch-logs'),
  () => import('@aws-sdk/client-iot'),
  () => import('@aws-sdk/client-cognito-identity-provider'),
  () => import('@aws-sdk/client-cognito-identity'),
  () => import('@aws-sdk/client-ssm'),
  () => import('@aws-sdk/client-sqs'),
  () => import('@aws-sdk/client-apigatewayv2'),
  () => import('@aws-sdk/client-cloudwatch'),
];

/** A client that cannot be loaded says so at its first call. */
export async function preloadClients(): Promise<void> {
  for (const load of LOADS) {
    await load().catch(() => {});
    await setImmediate();
  }
}
