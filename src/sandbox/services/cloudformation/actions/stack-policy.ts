/** What guards a stack: its policy (guide, "Prevent updates to stack resources") and termination protection. */
import type { Action, Input } from '../../../service.ts';
import { patchStack, type StackRecord } from '../records.ts';
import { invalid, isObject } from '../template/model.ts';
import { action, flag, liveStack, refuse, required, text } from './input.ts';

export function stackPolicy(input: Input): string | undefined {
  const body = text(input, 'StackPolicyBody');
  if (body === undefined) return undefined;
  try {
    if (isObject(JSON.parse(body))) return body;
  } catch {
    // said below
  }
  throw invalid('Error validating stack policy: Invalid stack policy');
}

/** A stack policy denies what it does not allow, once there is one (guide, "Prevent updates to stack resources"). */
export function checkPolicy(
  stack: StackRecord,
  changes: { action: string; logicalId: string; type: string; replacement?: string }[],
): void {
  if (stack.policy === undefined) return;
  const { Statement } = JSON.parse(stack.policy) as { Statement?: unknown };
  const statements = [Statement ?? []].flat().filter(isObject);
  for (const change of changes) {
    if (change.action === 'Add') continue;
    const verb =
      change.action === 'Remove'
        ? 'Update:Delete'
        : change.replacement === 'False'
          ? 'Update:Modify'
          : 'Update:Replace';
    const covers = (statement: Record<string, unknown>): boolean => {
      const matches = (patterns: unknown, value: string): boolean =>
        [patterns ?? []].flat().some((pattern) => wildcard(String(pattern)).test(value));
      const action = statement['NotAction']
        ? !matches(statement['NotAction'], verb)
        : matches(statement['Action'], verb);
      const id = `LogicalResourceId/${change.logicalId}`;
      const resource = statement['NotResource']
        ? !matches(statement['NotResource'], id)
        : matches(statement['Resource'], id);
      const condition = statement['Condition'];
      const types = isObject(condition)
        ? Object.values(condition).flatMap((rule) => (isObject(rule) ? [rule['ResourceType']].flat() : []))
        : undefined;
      return (
        action && resource && (types === undefined || types.some((type) => wildcard(String(type)).test(change.type)))
      );
    };
    const effects = statements.filter(covers).map((statement) => statement['Effect']);
    if (!effects.includes('Allow') || effects.includes('Deny'))
      throw invalid(
        `Action denied by stack policy: Statement [#1] does not allow [${verb}] for resource [LogicalResourceId/${change.logicalId}]`,
      );
  }
}

function wildcard(pattern: string): RegExp {
  return new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
  );
}

const updateTerminationProtection: Action = action(
  'StackName EnableTerminationProtection',
  'UpdateTerminationProtection',
  (input, context) => {
    const stack = liveStack(context, required(input, 'StackName'));
    const terminationProtection = flag(input, 'EnableTerminationProtection');
    if (terminationProtection === undefined) required(input, 'EnableTerminationProtection');
    patchStack(context, stack.stackId, { terminationProtection: terminationProtection ?? false });
    return { StackId: stack.stackId };
  },
);

const setStackPolicy: Action = action(
  'StackName StackPolicyBody StackPolicyURL',
  'SetStackPolicy',
  (input, context) => {
    refuse(input, 'StackPolicyURL');
    const stack = liveStack(context, required(input, 'StackName'));
    const policy = stackPolicy(input);
    if (policy === undefined) throw invalid('Either StackPolicyBody or StackPolicyURL must be specified.');
    patchStack(context, stack.stackId, { policy });
    return undefined;
  },
);

const getStackPolicy: Action = action('StackName', 'GetStackPolicy', (input, context) => ({
  StackPolicyBody: liveStack(context, required(input, 'StackName')).policy,
}));

export const policyActions: Record<string, Action> = {
  UpdateTerminationProtection: updateTerminationProtection,
  SetStackPolicy: setStackPolicy,
  GetStackPolicy: getStackPolicy,
};
