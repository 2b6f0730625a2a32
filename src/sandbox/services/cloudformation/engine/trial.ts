/** A template's functions tried before anything is made: what is wrong now stays wrong, whatever the resources turn out to be. */
import type { Context } from '../../../service.ts';
import type { StackRecord, Wish } from '../records.ts';
import { resolve, type Scope, UNKNOWN } from '../template/functions.ts';
import { invalid, type Template } from '../template/model.ts';
import { activeResources, makeScope, pseudoParameters } from './scope.ts';

const LATER = (): unknown => UNKNOWN;

/** As far as the template alone tells: parameters may have any value, conditions come out either way. */
export function tryTemplate(context: Context, template: Template): void {
  for (const outcome of [true, false]) {
    const all = <T>(names: object, value: T) => Object.fromEntries(Object.keys(names).map((name) => [name, value]));
    const scope: Scope = {
      template,
      parameters: all(template.parameters, UNKNOWN),
      pseudo: { ...pseudoParameters(context, { name: '', stackId: '' }), 'AWS::StackId': UNKNOWN },
      conditions: all(template.conditions, outcome),
      ref: LATER,
      attribute: LATER,
      importValue: LATER,
    };
    for (const definition of Object.values(template.conditions)) resolve(definition, scope);
    for (const { Properties } of Object.values(template.resources)) resolve(Properties, scope);
    for (const { Value, exportName } of Object.values(template.outputs)) resolve([Value, exportName], scope);
  }
}

/**
 * With a stack's parameters, so that conditions are decided: what one leaves out cannot be referred to. Exports are looked
 * for only with `imports`: CloudFormation misses them after its answer.
 */
export function tryStack(
  context: Context,
  stack: Pick<StackRecord, 'name' | 'stackId'>,
  template: Template,
  wish: Pick<Wish, 'parameters' | 'stored'>,
  imports = false,
): void {
  let block = 'Resources';
  let active: string[] = [];
  const { scope } = makeScope(context, stack, template, wish, {
    ref(id) {
      if (active.includes(id)) return UNKNOWN;
      throw invalid(
        `Template format error: Unresolved resource dependencies [${id}] in the ${block} block of the template`,
      );
    },
    attribute(id) {
      if (active.includes(id)) return UNKNOWN;
      throw invalid(`Template error: instance of Fn::GetAtt references undefined resource ${id}`);
    },
    ...(imports ? {} : { importValue: LATER }),
  });
  active = activeResources(template, scope.conditions);
  for (const id of active) resolve(template.resources[id]?.Properties, scope);
  block = 'Outputs';
  for (const { Value, Condition, exportName } of Object.values(template.outputs)) {
    if (Condition !== undefined && !scope.conditions[Condition]) continue;
    if (!['string', 'number', 'boolean', 'symbol'].includes(typeof resolve(Value, scope)))
      throw invalid('Template format error: The Value field of every Outputs member must evaluate to a String.');
    resolve(exportName, scope);
  }
}
