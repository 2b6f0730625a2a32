import { listStacks } from '../../aws/cloudformation.ts';
import type { Connection } from '../../aws/connection.ts';
import { isDenied } from '../../aws/failure.ts';
import type { Probe } from './probe.ts';

/** Stacks of the workshop, by their names, that CloudFormation is changing at this moment. */
async function moving(connection: Connection): Promise<string[]> {
  try {
    return (await listStacks(connection))
      .filter(({ name, status }) => /serverlesspresso/i.test(name) && status.endsWith('_IN_PROGRESS'))
      .map(({ name, status }) => `${name} (${status})`);
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

/** What is missing while a stack is being deployed may be there in a minute: that is no fail, it cannot be told yet. */
export function settled(inner: Probe): Probe {
  return {
    ...inner,
    async observe(check, facts) {
      const seen = await inner.observe(check, facts);
      const fails = inner.judge(check, seen as never).status === 'fail';
      return { seen, stacks: fails ? await facts.once('moving stacks', moving) : [] };
    },
    judge(check, { seen, stacks }: { seen: unknown; stacks: string[] }) {
      const verdict = inner.judge(check, seen as never);
      return verdict.status === 'fail' && stacks.length > 0
        ? {
            ...verdict,
            status: 'error',
            found: `${verdict.found}; ${stacks.join(' and ')} is still being changed`,
            hint: 'Ask again when it is done: presso verify setup',
          }
        : verdict;
    },
  };
}
