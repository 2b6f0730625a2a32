/** What the SDK throws, as one sentence and the next command. */
import { EXIT, PressoError } from '../errors.ts';
import { count, line } from '../text.ts';

interface AwsLike {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $fault?: string;
  $service?: string;
  cause?: unknown;
}

/** Is this an error of the SDK or of the network under it? */
export function isAwsError(error: unknown): error is Error & AwsLike {
  if (!(error instanceof Error)) return false;
  const { $metadata, code, name } = error as AwsLike;
  return (
    Boolean($metadata) ||
    /^E[A-Z]{3,}$/.test(code ?? '') ||
    /CredentialsProviderError|TokenProviderError|TimeoutError/.test(name ?? '')
  );
}

export const errorName = (error: unknown): string => (error instanceof Error ? error.name : '');
/** `AccessDeniedException`, `AccessDenied`, `UnauthorizedOperation`: services differ. */
export const isDenied = (error: unknown): boolean => /AccessDenied|Unauthorized|NotAuthorized/i.test(errorName(error));
export const isThrottled = (error: unknown): boolean =>
  /Throttl|TooManyRequests|RequestLimitExceeded/i.test(errorName(error));
export const isExpired = (error: unknown): boolean =>
  (/Expired/i.test(errorName(error)) && !isSkewed(error)) ||
  (error instanceof Error && /(token|session).*expired|expired.*(token|session)/i.test(error.message));

/** Signed by a clock that is more than five minutes off AWS's. The SDK mends this by itself where it learns AWS's time. */
const isSkewed = (error: unknown): boolean =>
  /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)$/.test(errorName(error)) ||
  (error instanceof Error && /Signature (expired|not yet current)/i.test(error.message));

/** `2 hours behind`, from the two times that AWS tells; nothing where it tells none. */
function howFarOff(message: string): string {
  const [signed, , server] = [...message.matchAll(/\b(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\b/g)].map((at) =>
    Date.parse(`${at[1]}-${at[2]}-${at[3]}T${at[4]}:${at[5]}:${at[6]}Z`),
  );
  if (signed === undefined || server === undefined) return '';
  const minutes = Math.round(Math.abs(server - signed) / 60_000);
  const far =
    minutes < 120
      ? count(minutes, 'minute')
      : minutes < 2_880
        ? count(Math.round(minutes / 60), 'hour')
        : count(Math.round(minutes / 1_440), 'day');
  return ` ${far} ${signed < server ? 'behind' : 'ahead'}`;
}

export interface Where {
  sandbox: boolean;
  endpoint?: string | undefined;
  profile?: string | undefined;
  region?: string | undefined;
}

/** The sentence a person needs. Errors that are not AWS's come back as they are. */
export function explainAwsError(error: unknown, where: Where): unknown {
  if (error instanceof PressoError || !isAwsError(error)) return error;
  const text = line(error.message ?? '').replace(/\.*$/, '.');
  const make = (code: string, sentence: string, hint: string): PressoError =>
    new PressoError(code, sentence, { hint, exit: EXIT.unknown, cause: error });
  const profile = where.profile ? ` --profile ${where.profile}` : '';
  const network = networkCode(error);
  if (network)
    return where.sandbox || where.endpoint
      ? make(
          'no-endpoint',
          `The endpoint ${where.endpoint ?? 'of the sandbox'} does not answer (${network}).`,
          'presso sandbox start',
        )
      : make('no-network', `AWS cannot be reached (${network}).`, 'presso doctor');
  // As a word of its own: every name of Serverlesspresso has these letters in it.
  const sso = /\bsso\b/i.test(text) || /TokenProviderError/.test(error.name);
  if (isExpired(error) || sso)
    return sso
      ? make(
          'expired',
          `The sign-in of ${where.profile ? `profile ${where.profile}` : 'this profile'} has expired.`,
          `aws sso login${profile}`,
        )
      : make(
          'expired',
          'The credentials have expired.',
          'paste the fresh block of variables, then run the same command again',
        );
  if (/Could not load credentials|CredentialsProviderError/.test(`${error.name} ${text}`))
    return make(
      'no-credentials',
      `There are no credentials for AWS${where.profile ? ` in profile ${where.profile}` : ''}.`,
      `aws configure sso${profile}   (or: presso setup --sandbox)`,
    );
  if (isSkewed(error)) {
    const off = howFarOff(text);
    return make(
      'clock',
      `The clock of this machine is${off === '' ? ' not right' : off}, and AWS refuses what is signed by it.`,
      'set the clock (timedatectl set-ntp true), then run the same command again',
    );
  }
  if (/UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignature/.test(error.name))
    return make(
      'bad-credentials',
      `AWS does not know these credentials (${error.name}).`,
      `aws sts get-caller-identity${profile}`,
    );
  if (isDenied(error))
    return make(
      'denied',
      `AWS refused: ${text}`,
      `aws sts get-caller-identity${profile}   (is this the account and role you meant?)`,
    );
  if (isThrottled(error))
    return make(
      'throttled',
      'AWS throttled this account and kept on throttling.',
      'run the same command again in a minute',
    );
  if (/UnknownOperation|InvalidAction/.test(error.name))
    return make('not-carried', `The endpoint refused: ${text}`, 'presso sandbox logs');
  if ((error.$metadata?.httpStatusCode ?? 0) === 403)
    return make('denied', `The endpoint answered 403: ${text}`, 'presso doctor');
  if ((error.$metadata?.httpStatusCode ?? 0) >= 500)
    return make(
      'unavailable',
      `The service failed (${error.$metadata?.httpStatusCode}): ${text}`,
      'run the same command again',
    );
  return make(error.name || 'aws', `AWS answered ${error.name}: ${text}`, 'presso doctor');
}

function networkCode(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, name } = at as AwsLike;
    if (/^(ECONN|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|EHOST|ENET)/.test(code ?? '')) return code;
    if (name === 'TimeoutError') return 'time-out';
    if (at instanceof AggregateError && at.errors[0] && at.errors[0] !== at) return networkCode(at.errors[0]);
  }
  return undefined;
}
