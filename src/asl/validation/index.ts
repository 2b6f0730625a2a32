/**
 * What CreateStateMachine, UpdateStateMachine and ValidateStateMachineDefinition refuse, with AWS's codes, sentences and
 * locations. Pure. Sources: the States Language specification, the developer guide, and the API reference's
 * "ValidateStateMachineDefinitionDiagnostic". `json-text` reads, `machine` walks, one file for each kind of field.
 */
import { createReport, type Diagnostic } from './diagnostics.ts';
import { findPositions, parseText } from './json-text.ts';
import { checkDefinition } from './machine.ts';

export type { Diagnostic } from './diagnostics.ts';

/** The longest definition, in UTF-8 bytes (developer guide, "Step Functions service quotas"). */
export const MAX_DEFINITION_BYTES = 1_048_576;

/**
 * Judges a definition. No ERROR among the findings means that a state machine can be made of it; a WARNING is advice.
 * Findings stand in the order of the definition.
 */
export function validateDefinition(text: string, options: { type: 'STANDARD' | 'EXPRESS' }): Diagnostic[] {
  const report = createReport();
  if (text.trim() === '') {
    report.error('MISSING_DESCRIPTION', 'Received a null or empty workflow input');
    return report.found;
  }
  if (Buffer.byteLength(text) > MAX_DEFINITION_BYTES) {
    report.error('INVALID_JSON_DESCRIPTION', `The definition is larger than ${MAX_DEFINITION_BYTES} bytes`);
    return report.found;
  }
  const parsed = parseText(text);
  if (!parsed.ok) return [unreadable(parsed.message, parsed.position)];
  for (const { location, name } of parsed.duplicates) {
    if (/(^|\/)States$/.test(location))
      report.error('DUPLICATE_STATE_NAME', `Duplicate State name: ${name}`, `${location}/${name}`);
    else report.error('INVALID_JSON_DESCRIPTION', `Duplicate field '${name}'`, location);
  }
  checkDefinition(report, parsed.value, options.type);
  const positions = findPositions(
    text,
    report.found.flatMap(({ location }) => (location === undefined ? [] : [location])),
  );
  return report.found.map((finding) => ({ ...finding, ...positions.get(finding.location ?? '') }));
}

function unreadable(message: string, { line, column }: { line: number; column: number }): Diagnostic {
  return {
    severity: 'ERROR',
    code: 'INVALID_JSON_DESCRIPTION',
    message,
    location: `[Source: UNKNOWN; line: ${line}, column: ${column}]`,
    line,
    column,
  };
}

/** The message of the InvalidDefinition error with which CreateStateMachine and UpdateStateMachine refuse (errors only). */
export function invalidDefinitionMessage(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics
    .filter((finding) => finding.severity === 'ERROR')
    .map(({ code, message, location }) => `${code}: ${message} at ${location ?? 'null'}`);
  return `Invalid State Machine Definition: '${errors.join(', ')}'`;
}
