/** What IoT's actions share: records, fields, errors. */
import { ServiceError } from '../../errors.ts';
import type { Table } from '../../journal.ts';
import { integer, list, must, readMembers, type Shape, text } from '../../members.ts';
import type { Context, Input, Permission } from '../../service.ts';

export interface PolicyRecord {
  name: string;
  created: number;
  modified: number;
  defaultVersion: string;
  /** The number of the newest version ever made. */
  lastVersion: number;
  versions: Record<string, { document: string; created: number }>;
  /** Cognito identities it is attached to. */
  targets: string[];
  /** When it was last detached from one, in epoch milliseconds. */
  detached?: number;
  tags: Record<string, string>;
}

export const policies = (context: Context): Table<PolicyRecord> => context.table<PolicyRecord>('policies');
export const policyArn = (context: Context, name: string): string => context.arn(`policy/${name}`);
export const nameField = () => must.text({ min: 1, max: 128, pattern: /[\w+=,.@-]+/ });
export const versionField = () => must.text({ pattern: /[0-9]+/ });
export const tagsField = () =>
  list(
    must.structure({
      Key: must.text({ min: 1, max: 128, pattern: /[\p{L}\p{Z}\p{N}_.:/=+\-@]*/u }),
      Value: text({ max: 256 }),
    }),
  );
export const paging = { marker: text({ max: 1024 }), pageSize: integer({ min: 1, max: 250 }) };
/** AWS IoT API Reference: ListPolicies and its like answer 25 at a time unless asked. */
export const PAGE = 25;

export const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message, 400);
export const invalidMarker = (): ServiceError => invalid('Invalid marker.');
export const read = <S extends Shape>(input: Input, shape: S) => readMembers(input, shape, 'InvalidRequestException');

export function policyNamed(context: Context, name: string): PolicyRecord {
  const policy = policies(context).get(name);
  if (!policy) throw new ServiceError('ResourceNotFoundException', `Policy not found (name=${name})`, 404);
  return policy;
}

export const onPolicy =
  (action: string) =>
  (input: Input, context: Context): Permission[] => [
    { action, resource: policyArn(context, String(input['policyName'] ?? '')) },
  ];
