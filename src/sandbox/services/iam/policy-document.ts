/** Policies as the engine of IAM's decisions reads them; what it refuses is refused here, in the same words. Pure. */
import { MalformedPolicyDocument, type PolicyKind, parsePolicy } from '../../../iam-policy/index.ts';
import { ServiceError } from '../../errors.ts';

/**
 * Checks a policy document.
 * @param kind `identity` for what is attached to a role, `trust` for who may assume it
 * @throws ServiceError MalformedPolicyDocument (400)
 */
export function checkPolicyDocument(text: string, kind: PolicyKind): void {
  try {
    parsePolicy(text, kind);
    if (kind === 'identity') for (const resource of resourcesIn(text)) checkArn(resource);
  } catch (error) {
    if (error instanceof MalformedPolicyDocument) throw new ServiceError('MalformedPolicyDocument', error.message, 400);
    throw error;
  }
}

function resourcesIn(text: string): string[] {
  const { Statement: statements } = JSON.parse(text) as { Statement: object | object[] };
  return [statements]
    .flat()
    .flatMap((statement: { Resource?: string | string[]; NotResource?: string | string[] }) =>
      [statement.Resource ?? [], statement.NotResource ?? []].flat(),
    );
}

/** What IAM says of an ARN with a part left out (`arn:aws:dynamodb:us-east-1:table/x`) or a placeholder left in. */
function checkArn(resource: string): void {
  const [, , , region = '', account = '', ...rest] = resource.split(':');
  if (/[*?]|\$\{/.test(`${region}${account}`) || (rest.length === 0 && resource.endsWith('*'))) return;
  const whole =
    rest.length > 0 &&
    /^([a-z]{2,4}(-[a-z]+)+-\d+)?$/.test(region) &&
    /^(\d{12}|aws[a-z-]*|amazon|cloudfront|)$/.test(account);
  if (!whole) throw new MalformedPolicyDocument('The policy failed legacy parsing', resource);
}

/** The roles that a trust policy names as principals: they must exist in their account. */
export function rolesNamedIn(trustPolicy: string): string[] {
  return parsePolicy(trustPolicy, 'trust').statements.flatMap((statement) =>
    (statement.principals ?? [])
      .filter(({ type, value }) => type === 'AWS' && /^arn:aws:iam::\d{12}:role\//.test(value))
      .map(({ value }) => value),
  );
}
