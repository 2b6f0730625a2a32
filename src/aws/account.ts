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
  const [caller, alias] = await Promise.all([sts.getCallerIdentity({}), accountAlias(connection)]);
  return { account: caller.Account ?? '', arn: caller.Arn ?? '', ...(alias ? { alias } : {}) };
}

/** The account's alias; undefined when it has none or may not be read (it is shown, never relied upon). */
async function accountAlias(connection: Connection): Promise<string | undefined> {
  const iam = await connection.client('iam', async (config) => {
    const { IAM } = await import('@aws-sdk/client-iam');
    return new IAM(config);
  });
  try {
    return (await iam.listAccountAliases({})).AccountAliases?.[0];
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}
