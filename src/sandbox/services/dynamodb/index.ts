/**
 * Amazon DynamoDB and DynamoDB Streams: dynalite's validations and item actions on a store of our own, which adds
 * transactions and streams. Tables are records of the account's journal; items, indexes and stream records are LevelDB's
 * (items.ts, the only file here that touches the disk, through level.ts).
 */
import type { Service } from '../../service.ts';
import { itemActions } from './actions/items.ts';
import { streamActions } from './actions/streams.ts';
import { goOn, tableActions } from './actions/tables.ts';
import { transactionActions } from './actions/transactions.ts';
import { closeItems } from './items.ts';
import type { TableRecord } from './tables.ts';

export const dynamodb: Service = {
  name: 'dynamodb',
  protocol: 'json-1.0',
  targetPrefix: 'DynamoDB_20120810',
  actions: { ...tableActions, ...itemActions, ...transactionActions, ...streamActions },
  wakeOn: ['tables'],
  wake(context) {
    for (const table of context.table<TableRecord>('tables').values()) goOn(table, context);
  },
  close: closeItems,
};
