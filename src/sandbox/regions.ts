/** The Regions of the partition `aws`, and which of them an account has to enable first (AWS page "Managing AWS Regions"). */
import { ServiceError } from './errors.ts';
import type { AccountStore } from './journal.ts';
import type { Service } from './service.ts';

/** Since 20 March 2019 a new Region is off until an account opts in. */
export const OPT_IN_REGIONS: ReadonlySet<string> = new Set(
  `af-south-1 ap-east-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
   ca-west-1 eu-central-2 eu-south-1 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1`.split(/\s+/),
);

export const DEFAULT_REGIONS = `ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2
   ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1
   us-west-2`.split(/\s+/);

/** An opt-in Region that was used or decided about, in the account's own records (service `account`). */
export interface RegionRecord {
  name: string;
  status: 'ENABLING' | 'ENABLED' | 'DISABLING' | 'DISABLED';
}

export const optedRegions = (store: AccountStore) => store.table<RegionRecord>('account', '', 'regions');

/**
 * Refuses a call to a Region that was disabled: its endpoints know nobody's keys of that account. One that nobody has
 * decided about is enabled by its first call, so that every Region works on a laptop without further ado.
 * @throws ServiceError UnrecognizedClientException, in the query protocol InvalidClientTokenId
 */
export function checkRegion(store: AccountStore, service: Service, region: string): void {
  if (service.global || !OPT_IN_REGIONS.has(region)) return;
  const known = optedRegions(store).get(region);
  if (!known) optedRegions(store).put(region, { name: region, status: 'ENABLED' });
  if (!known || known.status === 'ENABLED' || known.status === 'DISABLING') return;
  const message = 'The security token included in the request is invalid.';
  throw service.protocol === 'query'
    ? new ServiceError('InvalidClientTokenId', message, 403)
    : new ServiceError('UnrecognizedClientException', message, 403);
}
