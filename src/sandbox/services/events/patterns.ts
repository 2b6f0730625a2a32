/** Patterns in their compiled form, each text compiled once however often events meet it. */
import { InvalidEventPattern, type Pattern, parsePattern } from '../../../event-pattern/index.ts';
import { ServiceError } from '../../errors.ts';

const compiled = new Map<string, Pattern>();

/** Throws InvalidEventPatternException in AWS's words. */
export function validPattern(text: string): Pattern {
  let pattern = compiled.get(text);
  if (!pattern) {
    try {
      pattern = parsePattern(text);
    } catch (error) {
      if (error instanceof InvalidEventPattern) throw new ServiceError('InvalidEventPatternException', error.message);
      throw error;
    }
    if (compiled.size > 2_000) compiled.clear();
    compiled.set(text, pattern);
  }
  return pattern;
}
