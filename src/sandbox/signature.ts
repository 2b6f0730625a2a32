/** When a request was signed. Signatures themselves are not checked; a clock that is wrong is refused, as AWS refuses it. */
import { ServiceError } from './errors.ts';
import type { Service } from './service.ts';

/** "A request must reach AWS within five minutes of the time stamp in the request" (IAM User Guide, Signature Version 4). */
const WINDOW_MS = 5 * 60_000;

const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

/**
 * `clocks` are those a caller may rightly go by: this machine's, and the sandbox's, which functions see. A request without
 * X-Amz-Date, as tests write them by hand, has no time to be wrong.
 * @throws ServiceError SignatureDoesNotMatch in the query protocol, else InvalidSignatureException
 */
export function checkSigned(date: string | undefined, service: Service, clocks: number[]): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date ?? '');
  if (!parts) return;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const signed = Date.UTC(year, month - 1, day, hour, minute, second);
  if (clocks.some((now) => Math.abs(signed - now) <= WINDOW_MS)) return;
  const now = clocks[0] ?? signed;
  const [what, than, edge, sign] =
    signed < now ? ['expired', 'earlier', now - WINDOW_MS, '-'] : ['not yet current', 'later', now + WINDOW_MS, '+'];
  throw new ServiceError(
    service.protocol === 'query' ? 'SignatureDoesNotMatch' : 'InvalidSignatureException',
    `Signature ${what}: ${date} is ${signed < now ? 'now' : 'still'} ${than} than ${stamp(Number(edge))} (${stamp(now)} ${sign} 5 min.)`,
    403,
  );
}
