/** Exit codes: a promise to scripts (README, "Exit codes"). */
export const EXIT = { yes: 0, no: 1, unknown: 2, interrupted: 130 } as const;

/**
 * The one error class: a sentence for a person, and the next command to type.
 * `code` is stable and is what `--json` shows; `exit` is what the process ends with.
 */
export class PressoError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly exit: number;

  constructor(code: string, sentence: string, options: { hint: string; exit?: number; cause?: unknown }) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PressoError';
    this.code = code;
    this.hint = options.hint;
    this.exit = options.exit ?? EXIT.unknown;
  }
}
