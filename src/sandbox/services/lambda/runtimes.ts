/** Which runtimes a function may have, by AWS's dates (Lambda Developer Guide, "Lambda runtimes"). Pure. */
import { ServiceError } from '../../errors.ts';

/** Runtime → the day from which it cannot be chosen any more. */
const NODE: Record<string, string> = {
  'nodejs24.x': '2028-06-01',
  'nodejs22.x': '2027-06-01',
  'nodejs20.x': '2026-08-31',
  'nodejs18.x': '2025-11-01',
  'nodejs16.x': '2024-07-15',
  'nodejs14.x': '2024-01-09',
  'nodejs12.x': '2023-04-30',
  'nodejs10.x': '2021-07-30',
  'nodejs8.10': '2020-03-06',
  'nodejs6.10': '2019-08-12',
  'nodejs4.3': '2020-03-05',
  nodejs: '2016-10-31',
};
/** AWS has these; the sandbox runs Node.js only. */
const OTHERS =
  /^(python3\.(9|1[0-4])|java(8\.al2|11|17|21|25)|dotnet(6|8|10)|ruby3\.[2-4]|provided(\.al2|\.al2023)?|nodejs26\.x)$/;

/** Throws what AWS answers when a function with this runtime cannot be created or changed on the day `now`. */
export function checkRuntime(runtime: unknown, now: number): string {
  const newest = Object.keys(NODE).find((name) => Date.parse(NODE[name] ?? '') > now) ?? 'nodejs24.x';
  const blocked = typeof runtime === 'string' ? NODE[runtime] : undefined;
  if (typeof runtime === 'string' && blocked !== undefined) {
    if (now < Date.parse(blocked)) return runtime;
    throw new ServiceError(
      'InvalidParameterValueException',
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use the new runtime (${newest}) while creating or updating functions.`,
      400,
    );
  }
  if (typeof runtime === 'string' && OTHERS.test(runtime))
    throw new ServiceError(
      'InvalidParameterValueException',
      `The sandbox does not carry the runtime ${runtime}: it runs Node.js functions only.`,
      400,
    );
  throw new ServiceError(
    'InvalidParameterValueException',
    `Value ${String(runtime)} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${Object.keys(NODE).slice(0, 2).join(', ')}] or be a valid ARN`,
    400,
  );
}
