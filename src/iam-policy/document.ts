// One file because it is one grammar: "Grammar of the IAM JSON policy language", from the document down to the principal.
import { type Condition, condition } from './condition.ts';
import { type Template, template } from './pattern.ts';

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * Where a policy stands: on an identity (a role, a user, a boundary, a session), on a resource (a queue, a function), or on a
 * role as its trust policy. Each may say other things.
 */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** A policy ready to be decided with. Made by `parsePolicy`. */
export interface Policy {
  readonly kind: PolicyKind;
  readonly name: string | undefined;
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly sid: string | undefined;
  readonly index: number;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly Template[];
  readonly notActions: boolean;
  /** Undefined in a trust policy, which is about its own role. */
  readonly resources: readonly Template[] | undefined;
  readonly notResources: boolean;
  /** Undefined in an identity's policy, which is about that identity. */
  readonly principals: readonly Principal[] | undefined;
  readonly notPrincipals: boolean;
  readonly conditions: readonly Condition[];
}

export interface Principal {
  type: 'AWS' | 'Service' | 'Federated' | 'CanonicalUser' | '*';
  value: string;
}

/** Thrown for a policy that IAM refuses (MalformedPolicyDocument); the message is IAM's, `detail` says what in the policy it is about. */
export class MalformedPolicyDocument extends Error {
  override name = 'MalformedPolicyDocument';
  readonly detail: string;

  constructor(message: string, detail: string) {
    super(message);
    this.detail = detail;
  }
}

const SYNTAX = 'Syntax errors in policy.';
const syntax = (detail: string) => new MalformedPolicyDocument(SYNTAX, detail);

const MEMBERS = new Set(['Version', 'Id', 'Statement']);
const STATEMENT_MEMBERS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

type JsonObject = { [key: string]: Json };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads a policy.
 * @param document JSON text, or the document itself.
 * @param kind what it stands on; decides which members it must and must not have.
 * @param name what answers call it, for instance the name of the inline policy.
 * @throws MalformedPolicyDocument
 */
export function parsePolicy(document: string | Json, kind: PolicyKind = 'identity', name?: string): Policy {
  const read = typeof document === 'string' ? fromText(document) : document;
  if (!isObject(read)) throw syntax('a policy is a JSON object');
  for (const member of Object.keys(read)) if (!MEMBERS.has(member)) throw syntax(`unknown member ${member}`);
  const version = read['Version'];
  if (version !== '2012-10-17' && version !== '2008-10-17' && version !== undefined)
    throw syntax('Version must be "2012-10-17" or "2008-10-17"');
  if (kind === 'identity' && version !== '2012-10-17')
    throw new MalformedPolicyDocument('Policy document must be version 2012-10-17 or greater.', 'Version');
  const given = read['Statement'];
  if (given === undefined) throw syntax('Statement is missing');
  const statements = (Array.isArray(given) ? given : [given]).map((statement, index) =>
    statementOf(statement, index, kind, version === '2012-10-17'),
  );
  if (statements.length === 0) throw syntax('Statement is empty');
  const sids = statements.flatMap((statement) => (statement.sid ? [statement.sid] : []));
  const twice = sids.find((sid, i) => sids.indexOf(sid) !== i);
  if (twice !== undefined)
    throw new MalformedPolicyDocument('Statement IDs (SID) in a single policy must be unique.', twice);
  return { kind, name, statements };
}

function fromText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new MalformedPolicyDocument('This policy contains invalid Json', (error as Error).message);
  }
}

function statementOf(given: Json, index: number, kind: PolicyKind, variables: boolean): Statement {
  const where = `Statement[${index}]`;
  if (!isObject(given)) throw syntax(`${where} is not an object`);
  for (const member of Object.keys(given))
    if (!STATEMENT_MEMBERS.has(member)) throw syntax(`${where}.${member} is unknown`);
  for (const member of ['Action', 'Resource', 'Principal'])
    if (member in given && `Not${member}` in given) throw syntax(`${where} has both ${member} and Not${member}`);

  const { Effect: effect, Sid: sid } = given;
  if (effect === undefined) throw new MalformedPolicyDocument('Missing required field Effect', where);
  if (effect !== 'Allow' && effect !== 'Deny') throw syntax(`${where}.Effect must be "Allow" or "Deny"`);
  if (sid !== undefined && typeof sid !== 'string') throw syntax(`${where}.Sid must be a string`);
  if (sid !== undefined && kind !== 'resource' && !/^[0-9A-Za-z]*$/.test(sid))
    throw new MalformedPolicyDocument(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
      sid,
    );

  const actions = texts(given, 'Action', where) ?? texts(given, 'NotAction', where);
  if (!actions || actions.length === 0)
    throw new MalformedPolicyDocument('Policy statement must contain actions.', where);
  for (const action of actions) checkAction(action, kind);

  const resources = texts(given, 'Resource', where) ?? texts(given, 'NotResource', where);
  if (kind === 'trust') {
    if (resources) throw new MalformedPolicyDocument('Has prohibited field Resource', where);
  } else if (!resources || resources.length === 0)
    throw new MalformedPolicyDocument('Policy statement must contain resources.', where);
  for (const resource of resources ?? []) checkResource(resource);

  const principal = given['Principal'] ?? given['NotPrincipal'];
  if (kind === 'identity') {
    if (principal !== undefined)
      throw new MalformedPolicyDocument('Policy document should not specify a principal.', where);
  } else if (principal === undefined) throw new MalformedPolicyDocument('Missing required field Principal', where);

  return {
    sid,
    index,
    effect,
    actions: actions.map((action) => template(action, { wildcards: true, variables: false })),
    notActions: 'NotAction' in given,
    resources: resources?.map((resource) => template(resource, { wildcards: true, variables })),
    notResources: 'NotResource' in given,
    principals: principal === undefined ? undefined : principalsOf(principal, where),
    notPrincipals: 'NotPrincipal' in given,
    conditions: conditionsOf(given['Condition'], where, variables),
  };
}

function texts(given: JsonObject, member: string, where: string): string[] | undefined {
  const value = given[member];
  if (value === undefined) return undefined;
  const list = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (typeof one !== 'string') throw syntax(`${where}.${member} must hold strings`);
    return one;
  });
}

function checkAction(action: string, kind: PolicyKind): void {
  if (action === '*') return;
  const colons = action.split(':').length - 1;
  if (colons === 0)
    throw new MalformedPolicyDocument(
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
      action,
    );
  if (colons > 1) throw new MalformedPolicyDocument('Actions/Condition can contain only one colon.', action);
  const [vendor = ''] = action.split(':');
  if (vendor !== '*' && !/^[a-zA-Z0-9-.]+$/.test(vendor))
    throw new MalformedPolicyDocument(`Vendor ${vendor} is not valid`, action);
  if (kind === 'trust' && vendor.toLowerCase() !== 'sts')
    throw new MalformedPolicyDocument('AssumeRole policy may only specify STS AssumeRole actions.', action);
}

const PARTITIONS = new Set([
  'aws',
  'aws-cn',
  'aws-us-gov',
  'aws-eusc',
  'aws-iso',
  'aws-iso-b',
  'aws-iso-e',
  'aws-iso-f',
]);

function checkResource(resource: string): void {
  if (/^\*+$/.test(resource) || resource.startsWith('${')) return;
  if (!resource.startsWith('arn:'))
    throw new MalformedPolicyDocument(`Resource ${resource} must be in ARN format or "*".`, resource);
  const [, partition = '', vendor] = resource.split(':');
  if (!PARTITIONS.has(partition) && !/[*?$]/.test(partition))
    throw new MalformedPolicyDocument(`Partition "${partition}" is not valid for resource "${resource}".`, resource);
  if (vendor !== undefined && vendor !== '*' && /[*?]/.test(vendor))
    throw new MalformedPolicyDocument('Resource vendor must be fully qualified and cannot contain regexes.', resource);
}

const ENTITY =
  /^(\*|\d{12}|arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)\/.+)|arn:aws[a-z-]*:sts::\d{12}:(assumed-role|federated-user)\/.+|A[A-Z0-9]{15,})$/;
const SERVICE = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/;

function principalsOf(given: Json, where: string): Principal[] {
  if (given === '*') return [{ type: '*', value: '*' }];
  if (!isObject(given)) throw syntax(`${where}.Principal must be "*" or an object`);
  const principals = Object.entries(given).flatMap(([type, value]) => {
    if (type !== 'AWS' && type !== 'Service' && type !== 'Federated' && type !== 'CanonicalUser')
      throw syntax(`${where}.Principal.${type} is unknown`);
    return (texts(given, type, `${where}.Principal`) ?? [String(value)]).map((one): Principal => {
      const form = type === 'AWS' ? ENTITY : type === 'Service' ? SERVICE : /./;
      if (!form.test(one))
        throw new MalformedPolicyDocument(
          `Invalid principal in policy: "${type === 'Service' ? 'SERVICE' : type}":"${one}"`,
          where,
        );
      return type === 'AWS' && one === '*' ? { type: '*', value: '*' } : { type, value: one };
    });
  });
  if (principals.length === 0) throw syntax(`${where}.Principal is empty`);
  return principals;
}

function conditionsOf(given: Json | undefined, where: string, variables: boolean): Condition[] {
  if (given === undefined) return [];
  if (!isObject(given)) throw syntax(`${where}.Condition must be an object`);
  return Object.entries(given).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw syntax(`${where}.Condition.${operator} must be an object`);
    return Object.entries(keys).map(([key, value]) => {
      const values = (Array.isArray(value) ? value : [value]).map((one) => {
        if (one === null || typeof one === 'object')
          throw syntax(`${where}.Condition.${operator}.${key} must hold strings, numbers or booleans`);
        return String(one);
      });
      const made = condition(operator, key, values, variables);
      if (!made) throw syntax(`${where}.Condition.${operator} is not a condition operator`);
      return made;
    });
  });
}
