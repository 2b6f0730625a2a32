/** TransactWriteItems and TransactGetItems: staged in one step of the event loop, written as one batch, or not at all. */
import { createHash } from 'node:crypto';
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input, Output, Permission } from '../../../service.ts';
import { asServiceError, checked, dynalite, invalid, type Item, notCarried } from '../dynalite.ts';
import { openItems, Stage } from '../items.ts';
import { findTable, named, tableArn, tableName } from '../tables.ts';
import { showsFailed } from './items.ts';

const KINDS = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
} as const;
type Kind = keyof typeof KINDS;

interface Operation {
  kind: Kind;
  input: Input;
}

const MEMBERS = ['TransactItems', 'ClientRequestToken', 'ReturnConsumedCapacity', 'ReturnItemCollectionMetrics'];

function operations(operation: string, input: Input, kinds: readonly string[]): { kind: string; input: Input }[] {
  for (const name of Object.keys(input)) if (!MEMBERS.includes(name)) throw notCarried(operation, name);
  const list: unknown = input['TransactItems'];
  if (!Array.isArray(list) || list.length < 1 || list.length > 100)
    throw invalid(
      `1 validation error detected: Value '${JSON.stringify(list ?? null).slice(0, 100)}' at 'transactItems' failed to satisfy constraint: Member must have length ${Array.isArray(list) && list.length > 100 ? 'less than or equal to 100' : 'greater than or equal to 1'}`,
    );
  return (list as Input[]).map((entry) => {
    const names = Object.keys(entry ?? {}).filter((name) => entry[name] !== undefined);
    const [kind] = names;
    if (names.length !== 1 || kind === undefined)
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
    if (!kinds.includes(kind)) throw notCarried(operation, `TransactItems.${kind}`);
    return { kind, input: entry[kind] as Input };
  });
}

const ONLY = {
  Put: ['TableName', 'Item', 'ConditionExpression'],
  Update: ['TableName', 'Key', 'UpdateExpression', 'ConditionExpression'],
  Delete: ['TableName', 'Key', 'ConditionExpression'],
  ConditionCheck: ['TableName', 'Key', 'ConditionExpression'],
};
const ALWAYS = ['ExpressionAttributeNames', 'ExpressionAttributeValues', 'ReturnValuesOnConditionCheckFailure'];

function checkedOperation({ kind, input }: Operation, context: Context): Input {
  for (const name of Object.keys(input))
    if (!ONLY[kind].includes(name) && !ALWAYS.includes(name))
      throw notCarried('TransactWriteItems', `TransactItems.${kind}.${name}`);
  if (kind === 'ConditionCheck' && typeof input['ConditionExpression'] !== 'string')
    throw invalid(
      "1 validation error detected: Value null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null",
    );
  if (kind === 'Update' && typeof input['UpdateExpression'] !== 'string')
    throw invalid(
      "1 validation error detected: Value null at 'transactItems.1.member.update.updateExpression' failed to satisfy constraint: Member must not be null",
    );
  return checked(kind === 'ConditionCheck' ? 'DeleteItem' : KINDS[kind], named(input, context), [
    'ReturnValuesOnConditionCheckFailure',
  ]);
}

interface Reason {
  Code: string;
  Message?: string;
  Item?: Item;
}

/** ValidationException before the transaction starts, ValidationError as a reason when an item refuses the change. */
function reason(error: ServiceError, item: Item | undefined): Reason {
  if (error.code === 'ConditionalCheckFailedException')
    return { Code: 'ConditionalCheckFailed', Message: error.message, ...(item ? { Item: item } : {}) };
  return { Code: 'ValidationError', Message: error.message };
}

const TEN_MINUTES = 600_000;

const transactWriteItems: Action = {
  permissions: (input, context) =>
    listed(input).map(([kind, entry]) => ({
      action: `dynamodb:${KINDS[kind as Kind] ?? 'PutItem'}`,
      resource: tableArn(tableName(entry['TableName'], context), context),
    })),
  async run(input, context) {
    const list = operations('TransactWriteItems', input, Object.keys(KINDS)) as Operation[];
    const checkedList = list.map((operation) => ({ kind: operation.kind, data: checkedOperation(operation, context) }));
    const shows = list.map((operation) => showsFailed(operation.input));
    const items = await openItems(context);
    const { db } = dynalite();

    const token = input['ClientRequestToken'] as string | undefined;
    const digest = token === undefined ? '' : createHash('sha256').update(JSON.stringify(input)).digest('hex');
    if (token !== undefined) {
      if (typeof token !== 'string' || token.length < 1 || token.length > 36)
        throw invalid('ClientRequestToken must have 1 to 36 characters');
      const [known, until] = items.note(`token!${token}`)?.split(' ') ?? [];
      if (known !== undefined && Number(until) > context.now()) {
        if (known === digest) return {};
        throw new ServiceError(
          'IdempotentParameterMismatchException',
          'The provided token is used for a request with different parameters.',
          400,
        );
      }
    }

    const stage = new Stage();
    const touched = new Set<string>();
    const reasons: Reason[] = [];
    // Everything up to `commit` happens in one step, so no other write comes between a condition and its change.
    for (const [i, { kind, data }] of checkedList.entries()) {
      const table = findTable(context, String(data['TableName']), true);
      const bad = kind === 'Put' ? undefined : db.validateKey(data['Key'] as Item, table);
      if (bad) throw asServiceError(bad);
      let key: string;
      try {
        key = db.createKey((data['Item'] ?? data['Key']) as Item, table);
      } catch {
        throw invalid('One or more parameter values were invalid: Missing the key in the item');
      }
      if (touched.has(`${table.TableName} ${key}`))
        throw invalid('Transaction request cannot include multiple operations on one item');
      touched.add(`${table.TableName} ${key}`);
      try {
        if (kind === 'ConditionCheck') {
          stage.lastRead = items.get(table, key);
          const failed = db.checkConditional(data, stage.lastRead);
          if (failed) throw asServiceError(failed);
        } else items.run(KINDS[kind], data, stage, context);
        reasons.push({ Code: 'None' });
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        reasons.push(reason(error, shows[i] ? stage.lastRead : undefined));
      }
    }
    if (reasons.some(({ Code }) => Code !== 'None'))
      throw new ServiceError(
        'TransactionCanceledException',
        `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
        400,
        { CancellationReasons: reasons },
      );
    await items.commit(
      stage,
      context,
      token === undefined ? {} : { [`token!${token}`]: `${digest} ${context.now() + TEN_MINUTES}` },
    );
    return {};
  },
};

const listed = (input: Input): [string, Input][] =>
  (Array.isArray(input['TransactItems']) ? (input['TransactItems'] as Input[]) : []).flatMap(
    (entry) => Object.entries(entry ?? {}) as [string, Input][],
  );

const transactGetItems: Action = {
  permissions: (input, context): Permission[] =>
    listed(input).map(([, entry]) => ({
      action: 'dynamodb:GetItem',
      resource: tableArn(tableName(entry['TableName'], context), context),
    })),
  async run(input, context): Promise<Output> {
    const list = operations('TransactGetItems', input, ['Get']).map((entry) =>
      checked('GetItem', named(entry.input, context)),
    );
    const items = await openItems(context);
    const stage = new Stage();
    return {
      Responses: list.map((data) => {
        const item = items.run('GetItem', data, stage, context)?.['Item'];
        return item === undefined ? {} : { Item: item };
      }),
    };
  },
};

export const transactionActions: Record<string, Action> = {
  TransactWriteItems: transactWriteItems,
  TransactGetItems: transactGetItems,
};
