/** So begins every refusal of a part that is not built; whoever runs the sandbox finds it in its log. */
export const NOT_CARRIED = 'The sandbox does not carry ';

/** An error as AWS answers it: `code` is the API's error name, `status` its HTTP status. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error document, as the API's model names them. */
  readonly detail: Record<string, unknown>;

  constructor(code: string, message: string, status = 400, detail: Record<string, unknown> = {}) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}

/** A start that cannot be: one sentence and the next command, shown as it is. */
export class SandboxError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, sentence: string, hint: string) {
    super(sentence);
    this.name = 'SandboxError';
    this.code = code;
    this.hint = hint;
  }
}
