/** What is said of something that is not in this Region but in others. Pure. */
export function whereElse(regions: readonly string[]): { found: string; hint?: string } {
  const [first] = regions;
  return first === undefined
    ? { found: '' }
    : {
        found: `, but in ${regions.join(' and ')} it is`,
        hint: `Work in one Region only: switch the console to ${first}, or see what is there with presso verify --region ${first}`,
      };
}
