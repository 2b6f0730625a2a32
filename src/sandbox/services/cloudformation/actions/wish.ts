/** From a request to what its stack is to become, checked as far as CloudFormation checks before it answers. */
import { ServiceError } from '../../../errors.ts';
import type { Context, Input } from '../../../service.ts';
import { readTemplate } from '../engine/scope.ts';
import { tryStack } from '../engine/trial.ts';
import type { Wish } from '../records.ts';
import { invalid, type Template } from '../template/model.ts';
import { type GivenParameter, parameterTexts, storedParameters } from '../template/parameters.ts';
import { parseTemplate } from '../template/parse.ts';
import { findStack, flag, parametersOf, refuse, tagsOf, text, texts } from './input.ts';

const LARGEST_TEMPLATE = 51_200;

export function templateText(input: Input, previous: string | undefined): string {
  refuse(input, 'TemplateURL');
  const body = text(input, 'TemplateBody');
  if (flag(input, 'UsePreviousTemplate')) {
    if (body !== undefined)
      throw invalid('You cannot specify both usePreviousTemplate and Template Body/Template URL.');
    if (previous === undefined) throw invalid('No previous template is there to use.');
    return previous;
  }
  if (body === undefined) throw invalid('Either Template URL or Template Body must be specified.');
  if (Buffer.byteLength(body) > LARGEST_TEMPLATE)
    throw invalid(
      `1 validation error detected: Value '${body.slice(0, 100)}...' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${LARGEST_TEMPLATE}`,
    );
  return body;
}

const IAM_TYPES: Record<string, string | undefined> = {
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Policy': undefined,
};

/** What has to be acknowledged before IAM resources are made (guide, "Acknowledging IAM resources in CloudFormation templates"). */
export function neededCapability(template: Template): { capability: string; types: string[] } | undefined {
  const found = Object.values(template.resources).filter((resource) => Object.hasOwn(IAM_TYPES, resource.Type));
  if (found.length === 0) return undefined;
  const named = found.some((resource) => {
    const property = IAM_TYPES[resource.Type];
    return property !== undefined && resource.Properties[property] !== undefined;
  });
  return {
    capability: named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM',
    types: [...new Set(found.map((resource) => resource.Type))],
  };
}

/** @throws ServiceError InsufficientCapabilitiesException */
export function checkCapabilities(template: Template, capabilities: string[]): void {
  for (const capability of capabilities)
    if (!['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'].includes(capability))
      throw invalid(
        `1 validation error detected: Value '[${capabilities.join(', ')}]' at 'capabilities' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [CAPABILITY_AUTO_EXPAND, CAPABILITY_NAMED_IAM, CAPABILITY_IAM]]`,
      );
  const needed = neededCapability(template);
  if (!needed || capabilities.includes('CAPABILITY_NAMED_IAM') || capabilities.includes(needed.capability)) return;
  throw new ServiceError('InsufficientCapabilitiesException', `Requires capabilities : [${needed.capability}]`, 400);
}

/** Everything a request asks for, checked as far as CloudFormation checks it before it answers. */
export async function readWish(
  input: Input,
  context: Context,
  previous: Wish | undefined,
): Promise<{ wish: Wish; template: Template; given: GivenParameter[] }> {
  const templateBody = templateText(input, previous?.templateBody);
  if (
    parseTemplate(templateBody)['Transform'] !== undefined &&
    !texts(input, 'Capabilities').includes('CAPABILITY_AUTO_EXPAND')
  )
    throw new ServiceError(
      'InsufficientCapabilitiesException',
      'Requires capabilities : [CAPABILITY_AUTO_EXPAND]',
      400,
    );
  const template = readTemplate(templateBody);
  const given = parametersOf(input);
  const parameters = parameterTexts(template, given, previous?.parameters ?? {});
  const capabilities = texts(input, 'Capabilities');
  checkCapabilities(template, capabilities);
  const wanted = [...new Set(storedParameters(template, parameters))];
  const stored: Record<string, string> = {};
  // GetParameters takes ten names at a time.
  for (let at = 0; at < wanted.length; at += 10) {
    const answers = (await context.call('ssm', 'GetParameters', { Names: wanted.slice(at, at + 10) })) as {
      Parameters?: { Name: string; Value: string }[];
    };
    for (const { Name, Value } of answers.Parameters ?? []) stored[Name] = Value;
  }
  const missing = wanted.filter((name) => !Object.hasOwn(stored, name));
  if (missing.length > 0)
    throw invalid(`Unable to fetch parameters [${missing.join(',')}] from parameter store for this account.`);
  const stackName = text(input, 'StackName') ?? '';
  const { name, stackId } = findStack(context, stackName) ?? {
    name: stackName,
    stackId: context.arn(`stack/${stackName}/00000000-0000-0000-0000-000000000000`),
  };
  tryStack(context, { name, stackId }, template, { parameters, stored });
  return {
    wish: { templateBody, parameters, stored, tags: tagsOf(input) ?? previous?.tags ?? {}, capabilities },
    template,
    given,
  };
}
