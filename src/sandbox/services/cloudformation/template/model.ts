/** A template as CloudFormation reads it (CloudFormation guide, "Template anatomy"). Values may hold intrinsic functions. */
import { ServiceError } from '../../../errors.ts';

export type Json = unknown;
export type JsonObject = Record<string, unknown>;

export interface ParameterDefinition {
  Type: string;
  Default?: string;
  Description?: string;
  NoEcho?: boolean;
  AllowedValues?: string[];
  AllowedPattern?: string;
  ConstraintDescription?: string;
  MinLength?: number;
  MaxLength?: number;
  MinValue?: number;
  MaxValue?: number;
}

export interface ResourceDefinition {
  Type: string;
  Properties: JsonObject;
  DependsOn: string[];
  Condition?: string;
  DeletionPolicy: string;
  UpdateReplacePolicy: string;
  Metadata?: Json;
}

export interface OutputDefinition {
  Value: Json;
  Description?: string;
  Condition?: string;
  exportName?: Json;
}

export interface Template {
  description: string | undefined;
  metadata: Json;
  parameters: Record<string, ParameterDefinition>;
  mappings: Record<string, Record<string, JsonObject>>;
  conditions: Record<string, Json>;
  resources: Record<string, ResourceDefinition>;
  outputs: Record<string, OutputDefinition>;
}

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationError', message, 400);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same value, whatever the order of its keys. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  );
}
