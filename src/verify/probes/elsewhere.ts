/** What is said of something that is not in this Region: where else it is. Pure. */
import type { OtherRegion } from '../facts.ts';

/** `, but in us-west-2 it is`; the hint is the same command there. */
export function whereElse(
  regions: readonly OtherRegion[],
  has: (other: OtherRegion) => boolean,
): { found: string; hint?: string } {
  const there = regions.filter(has).map(({ region }) => region);
  const [first] = there;
  return first === undefined
    ? { found: '' }
    : {
        found: `, but in ${there.join(' and ')} it is`,
        hint: `Work in one Region only: switch the console to ${first}, or see what is there with presso verify --region ${first}`,
      };
}
