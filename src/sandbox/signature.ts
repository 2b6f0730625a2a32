/**
 * When a request was signed. Signatures are not checked, and requests written by hand or replayed carry any date: a clock
 * that is wrong is refused, as AWS refuses it, only where that is asked for.
 */
import { ServiceError } from './errors.ts';
import type { Service } from './service.ts';

const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

/**
 * `clocks` are those a caller may rightly go by: this machine's, and the sandbox's, which functions see. `window`, in
 * milliseconds, is five minutes on AWS (IAM User Guide, "Elements of an AWS API request signature").
 * @throws ServiceError SignatureDoesNotMatch in the query protocol, else InvalidSignatureException
 */
export function checkSigned(date: string | undefined, service: Service, clocks: number[], window: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date ?? '');
  if (!parts) return;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const signed = Date.UTC(year, month - 1, day, hour, minute, second);
  if (clocks.some((now) => Math.abs(signed - now) <= window)) return;
  const now = clocks[0] ?? signed;
  const [what, than, edge, sign] =
    signed < now ? ['expired', 'earlier', now - window, '-'] : ['not yet current', 'later', now + window, '+'];
  throw new ServiceError(
    service.protocol === 'query' ? 'SignatureDoesNotMatch' : 'InvalidSignatureException',
    `Signature ${what}: ${date} is ${signed < now ? 'now' : 'still'} ${than} than ${stamp(Number(edge))} (${stamp(now)} ${sign} ${window / 60_000} min.)`,
    403,
  );
}
