/** Values of a template's parameters, checked as CloudFormation checks them (guide, "Parameters"). Pure. */
import { invalid, type ParameterDefinition, type Template } from './model.ts';

export interface GivenParameter {
  ParameterKey: string;
  ParameterValue?: string;
  UsePreviousValue?: boolean;
}

/** The texts given, from defaults and (on an update) what was there before; not yet looked up in Parameter Store. */
export function parameterTexts(
  template: Template,
  given: GivenParameter[],
  previous: Record<string, string>,
): Record<string, string> {
  const unknown = given.map((item) => item.ParameterKey).filter((key) => !Object.hasOwn(template.parameters, key));
  if (unknown.length > 0) throw invalid(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const result: Record<string, string> = {};
  const missing: string[] = [];
  for (const [name, definition] of Object.entries(template.parameters)) {
    const item = given.find((candidate) => candidate.ParameterKey === name);
    if (item?.UsePreviousValue && item.ParameterValue !== undefined)
      throw invalid(
        `Invalid input for parameter key ${name}. Cannot specify usePreviousValue as true and non empty value for a parameter`,
      );
    if (item?.UsePreviousValue && !Object.hasOwn(previous, name))
      throw invalid(
        `Invalid input for parameter key ${name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
      );
    const text = item?.UsePreviousValue ? previous[name] : (item?.ParameterValue ?? definition.Default);
    if (text === undefined) missing.push(name);
    else {
      check(name, definition, text);
      result[name] = text;
    }
  }
  if (missing.length > 0) throw invalid(`Parameters: [${missing.join(', ')}] must have values`);
  return result;
}

function check(name: string, definition: ParameterDefinition, text: string): void {
  const fail = (reason: string): never => {
    throw invalid(
      definition.ConstraintDescription
        ? `Parameter ${name} failed to satisfy constraint: ${definition.ConstraintDescription}`
        : `Parameter '${name}' must ${reason}`,
    );
  };
  const listed = definition.Type === 'CommaDelimitedList' || definition.Type.startsWith('List<');
  for (const value of listed ? splitList(text) : [text]) {
    if (definition.Type === 'Number' || definition.Type === 'List<Number>') {
      const number = Number(value);
      if (value.trim() === '' || !Number.isFinite(number)) throw invalid(`Parameter '${name}' must be a number`);
      if (definition.MinValue !== undefined && number < definition.MinValue)
        fail(`be a number not less than ${definition.MinValue}`);
      if (definition.MaxValue !== undefined && number > definition.MaxValue)
        fail(`be a number not greater than ${definition.MaxValue}`);
    }
    if (definition.AllowedValues && !definition.AllowedValues.includes(value)) fail('be one of AllowedValues');
    if (definition.MinLength !== undefined && value.length < definition.MinLength)
      fail(`contain at least ${definition.MinLength} characters`);
    if (definition.MaxLength !== undefined && value.length > definition.MaxLength)
      fail(`contain at most ${definition.MaxLength} characters`);
    if (definition.AllowedPattern !== undefined && !new RegExp(`^(?:${definition.AllowedPattern})$`).test(value))
      fail(`match pattern ${definition.AllowedPattern}`);
  }
}

export function splitList(text: string): string[] {
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}

/** Names that have to be looked up in Parameter Store. */
export function storedParameters(template: Template, texts: Record<string, string>): string[] {
  return Object.entries(template.parameters)
    .filter(([, definition]) => definition.Type.startsWith('AWS::SSM::Parameter::Value<'))
    .map(([name]) => texts[name] ?? '');
}

/** What Ref gives for each parameter; `stored` holds what Parameter Store said. */
export function parameterValues(
  template: Template,
  texts: Record<string, string>,
  stored: Record<string, string>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(template.parameters).map(([name, { Type }]) => {
      const text = texts[name] ?? '';
      const value = Type.startsWith('AWS::SSM::Parameter::Value<') ? (stored[text] ?? '') : text;
      return [name, Type.includes('List') ? splitList(value) : value];
    }),
  );
}
