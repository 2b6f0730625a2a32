/** What the identity pools' actions share. */
import { ServiceError } from '../../errors.ts';
import type { Table } from '../../journal.ts';
import { must, readMembers, type Shape } from '../../members.ts';
import type { Action, Context, Input } from '../../service.ts';

export interface ProviderRecord {
  ProviderName?: string | undefined;
  ClientId?: string | undefined;
  ServerSideTokenCheck?: boolean | undefined;
}

export interface RoleMapping {
  Type: 'Token' | 'Rules';
  AmbiguousRoleResolution?: string | undefined;
  RulesConfiguration?: unknown;
}

export interface PoolRecord {
  id: string;
  name: string;
  allowUnauthenticated: boolean;
  allowClassicFlow?: boolean;
  providers?: ProviderRecord[];
  tags: Record<string, string>;
  roles: Record<string, string>;
  roleMappings?: Record<string, RoleMapping>;
  /** By provider name: which claims become tags of the session's principal. */
  principalTags: Record<string, { useDefaults: boolean; tags: Record<string, string> }>;
}

export const pools = (context: Context): Table<PoolRecord> => context.table<PoolRecord>('pools');
export const poolIdField = () => must.text({ min: 1, max: 55, pattern: /[\w-]+:[0-9a-f-]+/ });
export const invalid = (message: string): ServiceError => new ServiceError('InvalidParameterException', message, 400);
export const missing = (message: string): ServiceError => new ServiceError('ResourceNotFoundException', message, 400);
export const read = <S extends Shape>(input: Input, shape: S) => readMembers(input, shape, 'InvalidParameterException');
export const poolArn = (context: Context, id: string): string => context.arn(`identitypool/${id}`);

export function poolAt(context: Context, id: string): PoolRecord {
  const pool = pools(context).get(id);
  if (!pool) throw missing(`IdentityPool '${id}' not found.`);
  return pool;
}

export const onPool =
  (action: string): Action['permissions'] =>
  (input, context) => [
    { action: `cognito-identity:${action}`, resource: poolArn(context, String(input['IdentityPoolId'] ?? '')) },
  ];
