/** The resource policy of a function: who may invoke it beside the roles whose own policies allow it. */
import { ServiceError } from '../../../errors.ts';
import type { Action } from '../../../service.ts';
import { findFunction, invalid, only, onFunction } from '../names.ts';
import type { FunctionRecord, PolicyStatement } from '../records.ts';

/** Asked for with every invocation; a policy that is changed is another list. */
const texts = new WeakMap<PolicyStatement[], string>();

/** As GetPolicy shows it; undefined without statements. */
export function policyText({ policy }: FunctionRecord): string | undefined {
  if (policy.length === 0) return undefined;
  let text = texts.get(policy);
  if (text === undefined) {
    text = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: policy });
    texts.set(policy, text);
  }
  return text;
}

const addPermission: Action = {
  permissions: onFunction('AddPermission'),
  run(input, context) {
    only('AddPermission', input, [
      'FunctionName',
      'Qualifier',
      'StatementId',
      'Action',
      'Principal',
      'SourceArn',
      'SourceAccount',
      'RevisionId',
    ]);
    const record = findFunction(input, context);
    const { StatementId, Action: action, Principal, SourceArn, SourceAccount } = input as Record<string, string>;
    if (!/^[a-zA-Z0-9-_]{1,100}$/.test(StatementId ?? ''))
      throw new ServiceError(
        'ValidationException',
        `1 validation error detected: Value '${String(StatementId)}' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)`,
        400,
      );
    if (!/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(action ?? ''))
      throw new ServiceError(
        'ValidationException',
        `1 validation error detected: Value '${String(action)}' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])`,
        400,
      );
    if (record.policy.some(({ Sid }) => Sid === StatementId))
      throw new ServiceError(
        'ResourceConflictException',
        `The statement id (${StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        409,
        { Type: 'User' },
      );
    const principal = principalOf(Principal ?? '');
    const statement: PolicyStatement = {
      Sid: StatementId ?? '',
      Effect: 'Allow',
      Principal: principal,
      Action: action ?? '',
      Resource: record.arn,
      ...conditionOf(SourceArn, SourceAccount),
    };
    put(record, [...record.policy, statement], context);
    return { $status: 201, Statement: JSON.stringify(statement) };
  },
};

function principalOf(value: string): PolicyStatement['Principal'] {
  if (value === '*') return '*';
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(value)) return { Service: value };
  if (/^\d{12}$/.test(value)) return { AWS: `arn:aws:iam::${value}:root` };
  if (/^arn:aws[\w-]*:(iam|sts)::\d{12}:.+$/.test(value)) return { AWS: value };
  throw invalid('The provided principal was invalid. Please check the principal and try again.');
}

function conditionOf(sourceArn?: string, sourceAccount?: string): Pick<PolicyStatement, 'Condition'> {
  const condition: Record<string, Record<string, string>> = {};
  if (sourceAccount !== undefined) condition['StringEquals'] = { 'AWS:SourceAccount': sourceAccount };
  if (sourceArn !== undefined) condition['ArnLike'] = { 'AWS:SourceArn': sourceArn };
  return Object.keys(condition).length > 0 ? { Condition: condition } : {};
}

function put(record: FunctionRecord, policy: PolicyStatement[], context: Parameters<Action['run']>[1]): void {
  context
    .table<FunctionRecord>('functions')
    .put(record.name, { ...record, policy, policyRevision: context.world.uuid() });
}

const missing = (): ServiceError =>
  new ServiceError('ResourceNotFoundException', 'The resource you requested does not exist.', 404, { Type: 'User' });

const removePermission: Action = {
  permissions: onFunction('RemovePermission'),
  run(input, context) {
    const record = findFunction(input, context);
    const id: unknown = input['StatementId'];
    if (!record.policy.some(({ Sid }) => Sid === id))
      throw record.policy.length === 0
        ? missing()
        : new ServiceError(
            'ResourceNotFoundException',
            `Statement ${String(id)} is not found in resource policy.`,
            404,
            {
              Type: 'User',
            },
          );
    put(
      record,
      record.policy.filter(({ Sid }) => Sid !== id),
      context,
    );
    return { $status: 204 };
  },
};

const getPolicy: Action = {
  permissions: onFunction('GetPolicy'),
  run(input, context) {
    const record = findFunction(input, context);
    const text = policyText(record);
    if (text === undefined) throw missing();
    return { Policy: text, RevisionId: record.policyRevision };
  },
};

export const policyActions: Record<string, Action> = {
  AddPermission: addPermission,
  RemovePermission: removePermission,
  GetPolicy: getPolicy,
};
