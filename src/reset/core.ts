/** Is the core as its templates have it? Only reads. */
import type { Connection } from '../aws/connection.ts';
import { type Drifted, stackDrift } from '../aws/drift.ts';

/** Statuses in which CloudFormation can look for drift. */
const RESTING = /^(CREATE_COMPLETE|UPDATE_COMPLETE|UPDATE_ROLLBACK_COMPLETE)$/;

/**
 * Why a stack must be made anew, by its name without the prefix; stacks that are as they should be are not in it.
 * `stacks` are those of this version of presso that are there.
 */
export async function observeDrift(
  connection: Connection,
  stacks: { name: string /** as CloudFormation knows it */; stack: string; status: string }[],
  options: { pause: (ms: number) => Promise<void> },
): Promise<Map<string, string>> {
  const found = await Promise.all(
    stacks
      .filter(({ status }) => RESTING.test(status))
      .map(async ({ name, stack }) => [name, await stackDrift(connection, stack, options)] as const),
  );
  return new Map(found.filter(([, drifted]) => drifted.length > 0).map(([name, drifted]) => [name, inWords(drifted)]));
}

function inWords(drifted: Drifted[]): string {
  const words = drifted.map(({ logicalId, status, where }) =>
    status === 'DELETED'
      ? `${logicalId} is gone`
      : `${logicalId} was changed by hand${where.length > 0 ? ` (${where.slice(0, 3).join(', ')}${where.length > 3 ? ', …' : ''})` : ''}`,
  );
  return `${words.slice(0, 3).join('; ')}${words.length > 3 ? ` and ${words.length - 3} more` : ''}`;
}
