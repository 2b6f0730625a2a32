// The engine of IAM's decisions. Pure: policies and a request in, a decision with the statements that made it out.
// Promise: decides as "Policy evaluation logic" (IAM User Guide) says for identity, resource and trust policies, permissions
// boundaries and session policies, within an account and across; refuses a malformed policy with IAM's sentence.
// document (what a policy may say) · pattern (wildcards, variables) · condition (operators) → decide → message (AWS's words).

export {
  type AccessRequest,
  type Caller,
  decide,
  type MatchedStatement,
  type Outcome,
  type PolicySource,
} from './decide.ts';
export { type Json, MalformedPolicyDocument, type Policy, type PolicyKind, parsePolicy } from './document.ts';
export { deniedMessage } from './message.ts';
