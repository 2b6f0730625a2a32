/** The grammar of policies (IAM User Guide, "Grammar of the IAM JSON policy language"), refused as IAM refuses them. Pure. */
import { ServiceError } from '../../errors.ts';

type Json = Record<string, unknown>;
export type PolicyKind = 'identity' | 'trust';

const TOP = ['Version', 'Id', 'Statement'];
const STATEMENT = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];
const OPERATOR =
  /^(?:(?:ForAllValues|ForAnyValue):)?(?:String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)|Numeric(?:(?:Not)?Equals|(?:LessThan|GreaterThan)(?:Equals)?)|Date(?:(?:Not)?Equals|(?:LessThan|GreaterThan)(?:Equals)?)|Bool|BinaryEquals|(?:Not)?IpAddress|Arn(?:Not)?(?:Equals|Like))(?:IfExists)?$|^Null$/;

function malformed(message: string): ServiceError {
  return new ServiceError('MalformedPolicyDocument', message, 400);
}

const SYNTAX = 'Syntax errors in policy.';

/**
 * Checks a policy document.
 * @param kind `identity` for what is attached to a role, `trust` for who may assume it
 * @throws ServiceError MalformedPolicyDocument (400)
 */
export function checkPolicyDocument(text: string, kind: PolicyKind): void {
  const document = parse(text, kind);
  for (const key of Object.keys(document)) if (!TOP.includes(key)) throw malformed(SYNTAX);
  const version = document['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') throw malformed(SYNTAX);
  if (kind === 'identity' && version !== '2012-10-17')
    throw malformed('Policy document must be version 2012-10-17 or greater.');
  const found = document['Statement'];
  const statements = Array.isArray(found) ? found : [found];
  if (statements.length === 0) throw malformed(SYNTAX);
  const sids = new Set<string>();
  for (const statement of statements) {
    if (!isObject(statement)) throw malformed(SYNTAX);
    checkStatement(statement, kind);
    const sid = statement['Sid'];
    if (sid === undefined || sid === '') continue;
    if (typeof sid !== 'string') throw malformed(SYNTAX);
    if (kind === 'identity' && !/^[A-Za-z0-9]*$/.test(sid))
      throw malformed(
        'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
      );
    if (sids.has(sid)) throw malformed('Statement IDs (SID) in a single policy must be unique.');
    sids.add(sid);
  }
}

function parse(text: string, kind: PolicyKind): Json {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    throw malformed(kind === 'trust' ? 'This policy contains invalid Json' : SYNTAX);
  }
  throw malformed(SYNTAX);
}

function checkStatement(statement: Json, kind: PolicyKind): void {
  for (const key of Object.keys(statement)) if (!STATEMENT.includes(key)) throw malformed(SYNTAX);
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny')
    throw malformed(effect === undefined ? 'Missing required field Effect' : SYNTAX);
  const prohibited =
    kind === 'trust' ? (['Resource', 'NotResource'] as const) : (['Principal', 'NotPrincipal'] as const);
  for (const field of prohibited)
    if (statement[field] !== undefined)
      throw malformed(
        kind === 'trust' ? `Has prohibited field ${field}` : 'Policy document should not specify a principal.',
      );
  checkActions(statement, kind);
  if (kind === 'trust') checkPrincipals(statement);
  else checkResources(statement);
  if (statement['Condition'] !== undefined) checkConditions(statement['Condition']);
}

function checkActions(statement: Json, kind: PolicyKind): void {
  if (statement['Action'] !== undefined && statement['NotAction'] !== undefined) throw malformed(SYNTAX);
  const actions = texts(statement['Action'] ?? statement['NotAction']);
  if (actions.length === 0) {
    if (kind === 'trust') throw malformed('Missing required field Action');
    throw malformed('Policy statement must contain actions.');
  }
  for (const action of actions) {
    if (action === '*') {
      if (kind === 'trust') throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
      continue;
    }
    const vendor = /^([^:]*):(.+)$/s.exec(action);
    if (!vendor) throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
    if (!/^[a-z0-9*?-]+$/i.test(vendor[1] ?? '')) throw malformed(`Vendor ${vendor[1]} is not valid`);
    if (
      kind === 'trust' &&
      !/^sts:(?:AssumeRole(?:WithSAML|WithWebIdentity)?|TagSession|SetSourceIdentity|SetContext|\*)$/i.test(action)
    )
      throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
  }
}

function checkResources(statement: Json): void {
  if (statement['Resource'] !== undefined && statement['NotResource'] !== undefined) throw malformed(SYNTAX);
  const resources = texts(statement['Resource'] ?? statement['NotResource']);
  if (resources.length === 0) throw malformed('Policy statement must contain resources.');
  for (const resource of resources) {
    if (resource === '*') continue;
    const parts = resource.split(':');
    if (parts[0] !== 'arn' || parts.length < 6) throw malformed(`Resource ${resource} must be in ARN format or "*".`);
    if (!/^(?:aws(?:-[a-z-]+)?|\*|.*\$\{.*)$/.test(parts[1] ?? ''))
      throw malformed(`Partition "${parts[1]}" is not valid for resource "${resource}".`);
  }
}

function checkPrincipals(statement: Json): void {
  const field = statement['Principal'] === undefined ? 'NotPrincipal' : 'Principal';
  const principal = statement[field];
  if (principal === undefined) throw malformed('Missing required field Principal');
  if (principal === '*') return;
  if (typeof principal === 'string') throw malformed(`Invalid principal in policy: "STATIC":"${principal}"`);
  if (!isObject(principal) || Object.keys(principal).length === 0)
    throw malformed('Missing required field Principal cannot be empty!');
  for (const [type, value] of Object.entries(principal)) {
    const names = texts(value);
    if (names.length === 0) throw malformed('Missing required field Principal cannot be empty!');
    for (const name of names) {
      const good =
        type === 'Service'
          ? /^[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|amazon\.com)$/.test(name)
          : type === 'AWS'
            ? name === '*' || /^\d{12}$/.test(name) || /^arn:aws:(?:iam|sts)::\d{12}:.+$/.test(name)
            : type === 'Federated'
              ? /^(?:[a-z0-9.-]+\.[a-z]+|arn:aws:iam::\d{12}:(?:saml-provider|oidc-provider)\/.+)$/.test(name)
              : type === 'CanonicalUser';
      if (!good) throw malformed(`Invalid principal in policy: "${type.toUpperCase()}":"${name}"`);
    }
  }
}

function checkConditions(conditions: unknown): void {
  if (!isObject(conditions)) throw malformed(SYNTAX);
  for (const [operator, keys] of Object.entries(conditions)) {
    if (!OPERATOR.test(operator)) throw malformed(`Invalid Condition type : ${operator}`);
    if (!isObject(keys)) throw malformed(SYNTAX);
    for (const [key, value] of Object.entries(keys)) {
      if (!/^[A-Za-z0-9_.-]+:.+$/.test(key))
        throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
      for (const item of Array.isArray(value) ? value : [value])
        if (!['string', 'number', 'boolean'].includes(typeof item)) throw malformed(SYNTAX);
    }
  }
}

function texts(value: unknown): string[] {
  if (value === undefined) return [];
  const items = Array.isArray(value) ? value : [value];
  if (!items.every((item): item is string => typeof item === 'string')) throw malformed(SYNTAX);
  return items;
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The roles that a trust policy names as principals: they must exist in their account. */
export function rolesNamedIn(trustPolicy: string): string[] {
  const { Statement } = JSON.parse(trustPolicy) as { Statement: Json | Json[] };
  return (Array.isArray(Statement) ? Statement : [Statement]).flatMap((statement) => {
    const principal = statement['Principal'];
    if (!isObject(principal)) return [];
    return texts(principal['AWS']).filter((name) => /^arn:aws:iam::\d{12}:role\//.test(name));
  });
}
