/** Reading and writing items, one or many at a time. Conditions, expressions and index upkeep are dynalite's. */
import { ServiceError } from '../../../errors.ts';
import type { Action, Context, Input, Output, Permission } from '../../../service.ts';
import { checked, invalid } from '../dynalite.ts';
import { openItems, Stage } from '../items.ts';
import { findTable, named, onTable, tableArn, tableName } from '../tables.ts';

/** dynalite writes members that are undefined; an answer has only what is there. */
function defined(output: Output): Output {
  const answer = { ...output };
  for (const name of Object.keys(answer)) if (answer[name] === undefined) delete answer[name];
  return answer;
}

const getItem: Action = {
  permissions: onTable('GetItem'),
  async run(input, context) {
    const data = checked('GetItem', named(input, context));
    const items = await openItems(context);
    return defined(items.run('GetItem', data, new Stage(), context));
  },
};

const ON_FAILURE = 'ReturnValuesOnConditionCheckFailure';

/** Reads ReturnValuesOnConditionCheckFailure: should the item that failed be shown? */
export function showsFailed(input: Input): boolean {
  const value: unknown = input[ON_FAILURE];
  if (value !== undefined && value !== 'ALL_OLD' && value !== 'NONE')
    throw invalid(
      `1 validation error detected: Value '${String(value)}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]`,
    );
  return value === 'ALL_OLD';
}

function writing(operation: 'PutItem' | 'UpdateItem' | 'DeleteItem'): Action {
  return {
    permissions: onTable(operation),
    async run(input, context) {
      const data = checked(operation, named(input, context), [ON_FAILURE]);
      const showFailed = showsFailed(input);
      const items = await openItems(context);
      const stage = new Stage();
      let output: Output;
      try {
        output = items.run(operation, data, stage, context);
      } catch (error) {
        if (showFailed && isConditional(error) && stage.lastRead)
          throw new ServiceError(error.code, error.message, error.status, { Item: stage.lastRead });
        throw error;
      }
      await items.commit(stage, context);
      return defined(output);
    },
  };
}

export const isConditional = (error: unknown): error is ServiceError =>
  error instanceof ServiceError && error.code === 'ConditionalCheckFailedException';

function onTables(action: string) {
  return (input: Input, context: Context): Permission[] =>
    Object.keys((input['RequestItems'] ?? {}) as object).map((name) => ({
      action: `dynamodb:${action}`,
      resource: tableArn(tableName(name, context), context),
    }));
}

/** RequestItems may name tables by ARN. */
function batch(input: Input, context: Context): Input {
  const requests: unknown = input['RequestItems'];
  if (!requests || typeof requests !== 'object' || !Object.keys(requests).some((name) => name.startsWith('arn:')))
    return input;
  return {
    ...input,
    RequestItems: Object.fromEntries(
      Object.entries(requests).map(([name, value]) => [tableName(name, context), value]),
    ),
  };
}

const batchGetItem: Action = {
  permissions: onTables('BatchGetItem'),
  async run(input, context) {
    const data = checked('BatchGetItem', batch(input, context));
    const items = await openItems(context);
    return defined(items.run('BatchGetItem', data, new Stage(), context));
  },
};

const batchWriteItem: Action = {
  permissions: onTables('BatchWriteItem'),
  async run(input, context) {
    const data = checked('BatchWriteItem', batch(input, context));
    const requests = Object.values(data['RequestItems'] as Record<string, unknown[]>).flat().length;
    if (requests > 25) throw invalid('Too many items requested for the BatchWriteItem call');
    const items = await openItems(context);
    const stage = new Stage();
    const output = items.run('BatchWriteItem', data, stage, context);
    await items.commit(stage, context);
    return defined(output);
  },
};

function reading(operation: 'Query' | 'Scan'): Action {
  return {
    permissions: onTable(operation),
    async run(input, context) {
      const data = checked(operation, named(input, context));
      findTable(context, String(data['TableName']), true);
      const items = await openItems(context);
      return defined(await items.read(operation, data, context));
    },
  };
}

export const itemActions: Record<string, Action> = {
  GetItem: getItem,
  PutItem: writing('PutItem'),
  UpdateItem: writing('UpdateItem'),
  DeleteItem: writing('DeleteItem'),
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  Query: reading('Query'),
  Scan: reading('Scan'),
};
