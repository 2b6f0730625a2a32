/** What a state reports when it fails: an Error Name of the States Language and the cause AWS writes beside it. */
export class StatesError extends Error {
  readonly error: string | undefined;
  readonly reason: string | undefined;
  /** Set for a failed expression of JSONata: the field, as EvaluationFailed names it. */
  readonly location: string | undefined;

  constructor(error: string | undefined, reason: string | undefined, location?: string) {
    super(reason ?? error ?? '');
    this.error = error;
    this.reason = reason;
    this.location = location;
  }
}

/** A path, an intrinsic function or an expression that cannot be read. `position` counts UTF-16 units from 0. */
export class AslSyntaxError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** An intrinsic function was called with arguments it does not take ("Intrinsics for JSONPath states", AWS). */
export class IntrinsicError extends Error {}

/** A path that points at exactly one place found nothing there. */
export class PathNotFound extends Error {
  readonly path: string;
  readonly input: unknown;

  constructor(path: string, input: unknown) {
    super(`The JSONPath '${path}' could not be found`);
    this.path = path;
    this.input = input;
  }
}
