/** Resource policies of a Region: how EventBridge may write to `/aws/events/*`. */
import { MalformedPolicyDocument, parsePolicy } from '../../../../iam-policy/index.ts';
import { ServiceError } from '../../../errors.ts';
import { integer, must, page } from '../../../members.ts';
import type { Action } from '../../../service.ts';
import { invalid, invalidToken, missing, read, resourcePolicies, tokenField } from '../names.ts';

/** CloudWatch Logs quotas: "Up to 10 CloudWatch Logs resource policies per Region per account." */
const MOST_POLICIES = 10;

function checkDocument(document: string): void {
  try {
    parsePolicy(document, 'resource');
  } catch (error) {
    if (error instanceof MalformedPolicyDocument) throw invalid(`The policy document is not valid: ${error.message}`);
    throw error;
  }
}

const putResourcePolicy: Action = {
  permissions: () => [{ action: 'logs:PutResourcePolicy', resource: '*' }],
  run(input, context) {
    const wanted = read(input, {
      policyName: must.text({ min: 1 }),
      policyDocument: must.text({ min: 1, max: 5120 }),
    });
    checkDocument(wanted.policyDocument);
    const table = resourcePolicies(context);
    if (!table.has(wanted.policyName) && table.size >= MOST_POLICIES)
      throw new ServiceError('LimitExceededException', 'Resource limit exceeded.', 400);
    const record = { ...wanted, lastUpdatedTime: context.now() };
    table.put(wanted.policyName, record);
    return { resourcePolicy: record };
  },
};

const describeResourcePolicies: Action = {
  permissions: () => [{ action: 'logs:DescribeResourcePolicies', resource: '*' }],
  run(input, context) {
    const wanted = read(input, { nextToken: tokenField(), limit: integer({ min: 1, max: 50 }) });
    const all = [...resourcePolicies(context).values()];
    const { items, next } = page(all, wanted.nextToken, wanted.limit ?? 50, 'resource policies', invalidToken);
    return { resourcePolicies: items, nextToken: next };
  },
};

const deleteResourcePolicy: Action = {
  permissions: () => [{ action: 'logs:DeleteResourcePolicy', resource: '*' }],
  run(input, context) {
    const { policyName } = read(input, { policyName: must.text({ min: 1 }) });
    if (!resourcePolicies(context).delete(policyName))
      throw missing(`Policy with name [${policyName}] does not exist.`);
    return {};
  },
};

export const resourcePolicyActions: Record<string, Action> = {
  PutResourcePolicy: putResourcePolicy,
  DescribeResourcePolicies: describeResourcePolicies,
  DeleteResourcePolicy: deleteResourcePolicy,
};
