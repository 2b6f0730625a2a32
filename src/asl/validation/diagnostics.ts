/** One finding, in the shape of ValidateStateMachineDefinition (API reference, "ValidateStateMachineDefinitionDiagnostic"). */
export interface Diagnostic {
  severity: 'ERROR' | 'WARNING';
  code: string;
  message: string;
  /** Where: `/States/X/Next`, `/States/X/Choices[0]`. Absent where AWS gives none (a workflow without a terminal state). */
  location?: string;
  /** 1-based position of the location's value in the text, where it is known. */
  line?: number;
  column?: number;
}

/** Collects findings; every check of this folder writes into one. */
export interface Report {
  /** A rule of the schema is broken; nearly all refusals are of this code. */
  schema(location: string, message: string): void;
  error(code: string, message: string, location?: string): void;
  warning(code: string, message: string, location: string): void;
  readonly found: Diagnostic[];
}

export function createReport(): Report {
  const found: Diagnostic[] = [];
  const add = (severity: Diagnostic['severity'], code: string, message: string, location?: string): void => {
    found.push({ severity, code, message, ...(location === undefined ? {} : { location }) });
  };
  return {
    found,
    schema: (location, message) => add('ERROR', 'SCHEMA_VALIDATION_FAILED', message, location),
    error: (code, message, location) => add('ERROR', code, message, location),
    warning: (code, message, location) => add('WARNING', code, message, location),
  };
}
