/** A solve in words. Pure. */
import type { SolveStep, UndoStep } from '../solve/difference.ts';
import { line } from '../text.ts';

export function stepLine(step: SolveStep | UndoStep): string {
  switch (step.do) {
    case 'create-role':
      return `+ role ${step.name}`;
    case 'change-role':
      return `~ role ${line(step.name)}: its trust or policies differ`;
    case 'create-workflow':
      return `+ workflow ${step.name} (${step.type})`;
    case 'create-function':
      return `+ function ${step.name}`;
    case 'delete-function':
      return `- function ${line(step.name)}`;
    case 'change-workflow':
      return `~ workflow ${line(step.name)}: ${step.definition === step.before.definition ? 'another role' : 'another definition'}${step.roleArn === step.before.roleArn ? '' : ` (role ${step.roleArn.split('/').at(-1)})`}`;
    case 'remake-workflow':
      return `± workflow ${line(step.name)}: it is ${step.before.type}, which cannot be changed, so it is deleted and made anew`;
    case 'remove-rule':
      return `- rule ${line(step.rule.name)} on ${line(step.rule.bus)}: ${step.because}`;
    case 'create-rule':
      return `+ rule ${step.rule.name} on ${step.rule.bus}`;
    case 'change-rule':
      return `~ rule ${line(step.rule.name)} on ${line(step.rule.bus)}`;
    case 'allow':
      return `+ permission for rule ${step.ruleArn.split('/').at(-1)} to invoke ${step.function}`;
    case 'delete-role':
      return `- role ${line(step.name)}`;
    case 'restore-role':
      return `~ role ${line(step.name)}: as it was`;
    case 'delete-workflow':
      return `- workflow ${line(step.name)}`;
    case 'restore-workflow':
      return `~ workflow ${line(step.name)}: as it was`;
    case 'recreate-workflow':
      return `± workflow ${line(step.name)}: as it was (${step.type})`;
    case 'delete-rule':
      return `- rule ${line(step.name)} on ${line(step.bus)}`;
    case 'restore-rule':
      return `~ rule ${line(step.rule.name)} on ${line(step.rule.bus)}: as it was`;
    case 'disallow':
      return `- permission ${step.statementId} of ${step.function}`;
    case 'create-pool':
      return `+ user pool ${step.name}`;
    case 'delete-pool':
      return `- user pool ${step.name}`;
    case 'create-group':
      return `+ group ${step.name}`;
    case 'delete-group':
      return `- group ${step.name}`;
    case 'create-user':
      return `+ user ${step.name}, without a mail to anybody`;
    case 'delete-user':
      return `- user ${line(step.name)}`;
    case 'set-password':
      return `~ user ${line(step.name)}: a new password, since ${step.because}`;
    case 'enable-user':
      return `~ user ${line(step.name)}: enabled`;
    case 'disable-user':
      return `~ user ${line(step.name)}: disabled`;
    case 'join-group':
      return `+ user ${line(step.name)} in the group ${step.group}`;
    case 'leave-group':
      return `- user ${line(step.name)} in the group ${step.group}`;
    case 'change-parameter':
      return `~ parameter ${step.name}`;
    case 'restore-parameter':
      return `~ parameter ${step.name}: as it was`;
  }
}
