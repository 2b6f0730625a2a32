/** Who we are: AWS STS and the account's alias. */
import type { Connection } from './connection.ts';
import { isDenied } from './failure.ts';

export interface Identity {
  account: string;
  arn: string;
  alias?: string;
}

export async function whoAmI(connection: Connection): Promise<Identity> {
  const sts = await connection.client('sts', async (config) => {
    const { STS } = await import('@aws-sdk/client-sts');
    return new STS(config);
  });
  // The alias is shown, never relied upon, so it does not matter where it may not be read.
  const [caller, aliases] = await Promise.all([sts.getCallerIdentity({}), accountAliases(connection)]);
  const alias = aliases?.[0];
  return { account: caller.Account ?? '', arn: caller.Arn ?? '', ...(alias ? { alias } : {}) };
}

/** The account these credentials act in. */
export async function callerAccount(connection: Connection): Promise<string> {
  const sts = await connection.client('sts', async (config) => {
    const { STS } = await import('@aws-sdk/client-sts');
    return new STS(config);
  });
  return (await sts.getCallerIdentity({})).Account ?? '';
}

/** Every alias of the account; undefined when they may not be read. */
export async function accountAliases(connection: Connection): Promise<string[] | undefined> {
  const iam = await connection.client('iam', async (config) => {
    const { IAM } = await import('@aws-sdk/client-iam');
    return new IAM(config);
  });
  try {
    return (await iam.listAccountAliases({})).AccountAliases ?? [];
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}
