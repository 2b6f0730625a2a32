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
  } catch (error) {
    if (error instanceof MalformedPolicyDocument) throw new ServiceError('MalformedPolicyDocument', error.message, 400);
    throw error;
  }
}

/** The roles that a trust policy names as principals: they must exist in their account. */
export function rolesNamedIn(trustPolicy: string): string[] {
  return parsePolicy(trustPolicy, 'trust').statements.flatMap((statement) =>
    (statement.principals ?? [])
      .filter(({ type, value }) => type === 'AWS' && /^arn:aws:iam::\d{12}:role\//.test(value))
      .map(({ value }) => value),
  );
}
