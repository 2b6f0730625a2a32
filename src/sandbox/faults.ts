/** A bad day on purpose: latency, throttling, server errors and dropped connections, repeatable by seed. */
import { ServiceError } from './errors.ts';

export interface FaultOptions {
  /** milliseconds added to every call */
  latency?: number | undefined;
  /** share of calls that are throttled, 0 to 1 */
  throttle?: number | undefined;
  /** share of calls that fail with a 503 */
  fault?: number | undefined;
  /** share of calls whose connection is dropped */
  drop?: number | undefined;
  seed?: number | undefined;
  /** milliseconds: what was signed longer ago, or so far ahead, is refused */
  window?: number | undefined;
}

export interface Faults {
  readonly window: number | undefined;
  before(service: string, action: string): Promise<'drop' | undefined>;
}

export function createFaults(options: FaultOptions): Faults {
  let state = (options.seed ?? 1) >>> 0;
  // mulberry32: small, seeded, good enough to spread faults.
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const { latency = 0, throttle = 0, fault = 0, drop = 0 } = options;
  const quiet = latency === 0 && throttle === 0 && fault === 0 && drop === 0;
  return {
    window: options.window,
    async before(_service, _action) {
      if (quiet) return undefined;
      if (latency > 0) await new Promise<void>((done) => setTimeout(done, latency));
      const dice = roll();
      if (dice < throttle) throw new ServiceError('ThrottlingException', 'Rate exceeded', 400);
      if (dice < throttle + fault)
        throw new ServiceError('ServiceUnavailable', 'Service is unable to handle request.', 503);
      return dice < throttle + fault + drop ? 'drop' : undefined;
    },
  };
}
