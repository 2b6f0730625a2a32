/** Actions on templates: what is deployed, and what a text would need. */
import type { Action, Context, Input, Permission } from '../../../service.ts';
import { readTemplate } from '../engine/scope.ts';
import { tryTemplate } from '../engine/trial.ts';
import { changeSets, wishes } from '../records.ts';
import { isObject, type Template } from '../template/model.ts';
import { parseTemplate } from '../template/parse.ts';
import { findChangeSet } from './change-sets.ts';
import { action, needStack, refuse, required, text } from './input.ts';
import { neededCapability, templateText } from './wish.ts';

const ANY = (name: string) => (): Permission[] => [{ action: `cloudformation:${name}`, resource: '*' }];

function capabilities(template: Template): { Capabilities?: string[]; CapabilitiesReason?: string } {
  const needed = neededCapability(template);
  if (!needed) return {};
  return {
    Capabilities: [needed.capability],
    CapabilitiesReason: `The following resource(s) require capabilities: [${needed.types.join(', ')}]`,
  };
}

const validateTemplate: Action = action('TemplateBody TemplateURL', ANY('ValidateTemplate'), (input, context) => {
  const template = readTemplate(templateText(input, undefined));
  tryTemplate(context, template);
  return {
    Parameters: Object.entries(template.parameters).map(([ParameterKey, definition]) => ({
      ParameterKey,
      DefaultValue: definition.Default,
      NoEcho: definition.NoEcho ?? false,
      Description: definition.Description,
    })),
    Description: template.description,
    ...capabilities(template),
  };
});

const getTemplate: Action = action('StackName ChangeSetName TemplateStage', 'GetTemplate', (input, context) => {
  const change = text(input, 'ChangeSetName');
  const StagesAvailable = ['Original', 'Processed'];
  if (change !== undefined) return { TemplateBody: findChangeSet(input, context).wish.templateBody, StagesAvailable };
  const name = required(input, 'StackName');
  const stack = needStack(context, name, `Stack with id ${name} does not exist`);
  const table = wishes(context, stack.stackId);
  const wish = table.get('deployed') ?? table.get('wanted');
  return { TemplateBody: wish?.templateBody, StagesAvailable };
});

const getTemplateSummary: Action = action(
  'TemplateBody TemplateURL StackName StackSetName CallAs TemplateSummaryConfig',
  ANY('GetTemplateSummary'),
  (input, context) => {
    refuse(input, 'StackSetName', 'CallAs');
    const body = bodyOf(input, context);
    const raw = parseTemplate(body);
    const template = readTemplate(body);
    const types = [...new Set(Object.values(template.resources).map((resource) => resource.Type))];
    return {
      Parameters: Object.entries(template.parameters).map(([ParameterKey, definition]) => ({
        ParameterKey,
        DefaultValue: definition.Default,
        ParameterType: definition.Type,
        NoEcho: definition.NoEcho ?? false,
        Description: definition.Description,
        ParameterConstraints: definition.AllowedValues ? { AllowedValues: definition.AllowedValues } : {},
      })),
      Description: template.description,
      ...capabilities(template),
      ResourceTypes: types,
      Version: raw['AWSTemplateFormatVersion'],
      Metadata: isObject(template.metadata) ? JSON.stringify(template.metadata) : undefined,
    };
  },
);

function bodyOf(input: Input, context: Context): string {
  const name = text(input, 'StackName');
  if (name === undefined) return templateText(input, undefined);
  const stack = needStack(context, name);
  const table = wishes(context, stack.stackId);
  const reviewed = [...changeSets(context).values()].find((change) => change.stackId === stack.stackId);
  return (table.get('deployed') ?? table.get('wanted') ?? reviewed?.wish)?.templateBody ?? '';
}

export const templateActions: Record<string, Action> = {
  ValidateTemplate: validateTemplate,
  GetTemplate: getTemplate,
  GetTemplateSummary: getTemplateSummary,
};
