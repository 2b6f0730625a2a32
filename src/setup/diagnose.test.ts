import { expect, test } from 'vitest';
import type { StackEvent } from '../aws/cloudformation.ts';
import { diagnose, unwrap } from './diagnose.ts';

const event = (logicalId: string, status: string, reason?: string, type = 'AWS::DynamoDB::Table'): StackEvent => ({
  id: `${logicalId}-${status}`,
  at: 0,
  logicalId,
  physicalId: logicalId,
  type,
  status,
  ...(reason ? { reason } : {}),
});

test('the first real failure is named, not the ones that follow from it', () => {
  const cause = diagnose(
    [
      event('Bus', 'CREATE_FAILED', 'Resource creation cancelled'),
      event(
        'Orders',
        'CREATE_FAILED',
        'Resource handler returned message: "serverlesspresso-order-table already exists (Service: DynamoDb, Status Code: 400)" (RequestToken: 1, HandlerErrorCode: AlreadyExists)',
      ),
      event(
        'stack',
        'ROLLBACK_IN_PROGRESS',
        'The following resource(s) failed to create: [Bus, Orders]. Rollback requested by user.',
        'AWS::CloudFormation::Stack',
      ),
    ],
    'ROLLBACK_COMPLETE',
  );
  expect(cause.sentence).toBe(
    'Orders (AWS::DynamoDB::Table) could not be made because that name is already taken in this account and Region.',
  );
  expect(cause.hint).toContain('presso teardown');
});

test('an unknown cause is shown without the wrapping', () => {
  expect(
    diagnose(
      [
        event(
          'Topic',
          'CREATE_FAILED',
          'Resource handler returned message: "The colour is wrong" (RequestToken: 2, HandlerErrorCode: InvalidRequest)',
        ),
      ],
      'ROLLBACK_COMPLETE',
    ).sentence,
  ).toBe('Topic (AWS::DynamoDB::Table) failed: The colour is wrong.');
  expect(unwrap('plain words')).toBe('plain words.');
});

test('a stack that failed without saying why still has a next command', () => {
  expect(diagnose([], 'ROLLBACK_COMPLETE')).toMatchObject({ sentence: 'The stack ended as ROLLBACK_COMPLETE.' });
});
