import { StatesError } from '../errors.ts';
import { evaluateDynamic, evaluateNumber } from '../scene.ts';
import type { Json, JsonObject } from '../types.ts';
import type { Visit } from './run.ts';

/**
 * A number that shapes a Map (MaxConcurrency, ToleratedFailureCount, MaxItemsPerBatch, MaxItems…), as written, by its Path or by
 * its expression; undefined where it is not given.
 * @throws StatesError where the Path or the expression answers with no such number
 */
export function setting(visit: Visit, holder: JsonObject, name: string, input: Json): number | undefined {
  const path = holder[`${name}Path`];
  let value: Json | undefined = holder[name];
  if (typeof path === 'string') {
    value = evaluateDynamic(path, `${name}Path`, visit.scene, input);
    const percentage = name.endsWith('Percentage');
    const good = percentage ? typeof value === 'number' && value <= 100 : Number.isInteger(value);
    // A batch holds at least one item, of at least one byte ("ItemBatcher (Map)").
    if (!good || (value as number) < (name.endsWith('PerBatch') ? 1 : 0))
      throw new StatesError(
        'States.Runtime',
        `The ${name}Path field refers to value "${typeof value === 'string' ? value : JSON.stringify(value)}" which is not a valid ${percentage ? 'float' : 'integer'}: ${path}`,
      );
  } else if (typeof value === 'string') {
    const [type, most] = name.endsWith('Percentage') ? (['number', 100] as const) : (['integer', 2 ** 31 - 1] as const);
    const least = name.endsWith('PerBatch') ? 1 : 0;
    value = evaluateNumber(value, name, type, [least, most], visit.scene, { input: visit.input });
  }
  return typeof value === 'number' ? value : undefined;
}
