/** What the three apps are configured with: where it stands in the account, and what is wrong with it. Reads, and a pure judge. */
import { listStacks } from '../../aws/cloudformation.ts';
import type { Connection } from '../../aws/connection.ts';
import { isDenied } from '../../aws/failure.ts';
import { identityPoolsNamed } from '../../aws/identity-pools.ts';
import { parametersNamed } from '../../aws/parameters.ts';
import { userPoolsNamed } from '../../aws/user-pools.ts';
import { IDENTITY_POOL_NAME, PARAMETER_PREFIX, USER_POOL_NAME } from '../../workshop.ts';
import type { Facts } from '../facts.ts';

/** One setting, in the words of a person, by what presso's core calls its parameter. */
export const SETTINGS = {
  userpool: 'user pool',
  userpoolclient: 'app client',
  identitypool: 'identity pool',
  configapi: 'API of the config service',
  ordermanagerapi: 'API of the order manager',
  validatorapi: 'API of the QR validator',
  publisherapi: 'API of the publisher',
} as const;
export type SettingName = keyof typeof SETTINGS;

export const API_SETTINGS = ['configapi', 'ordermanagerapi', 'validatorapi', 'publisherapi'] as const;

export interface Setting {
  value: string;
  /** `the parameter /Serverlesspresso/core/userpool`, `the output UserPoolID of the stack Core` */
  from: string;
}

export interface AppSettings {
  region: string;
  /** presso's own core wrote them; else the official set-up, which has no API of the publisher and REST APIs. */
  own: boolean;
  values: Partial<Record<SettingName, Setting>>;
  /** Ids of the user pools of the workshop's name. */
  pools: string[];
  /** Addresses of APIs that an official set-up names in the outputs of its stacks. */
  addresses: Setting[];
  /** Could the outputs of stacks be read, where they were needed? */
  outputsRead: boolean;
}

/** What is said of a core that somebody changed: a set-up makes what is missing, and does not look into what is there. */
export const PUT_BACK = 'presso reset --to module-3 --dry-run   (finds what was changed in the core, and puts it back)';

/** All of it, once for all checks. */
export const appSettings = (facts: Facts): Promise<AppSettings> =>
  facts.once('app settings', (connection) => read(facts, connection));

/** How official templates of some years call the outputs that the apps are configured with. */
const OUTPUTS: Partial<Record<SettingName, RegExp>> = {
  userpool: /^user_?pool(id)?$/i,
  userpoolclient: /^user_?pool\w*client(id)?$/i,
  identitypool: /^(identity_?pool(id)?|poolid)$/i,
};
const API_ADDRESS = /^https:\/\/[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com\b/;

async function read(facts: Facts, connection: Connection): Promise<AppSettings> {
  const names = Object.keys(SETTINGS) as SettingName[];
  const [parameters, pools] = await Promise.all([
    parametersNamed(
      connection,
      names.map((name) => `${PARAMETER_PREFIX}${name}`),
    ),
    workshopPools(facts),
  ]);
  const values: AppSettings['values'] = {};
  for (const name of names) {
    const value = parameters[`${PARAMETER_PREFIX}${name}`];
    if (value !== undefined) values[name] = { value, from: `the parameter ${PARAMETER_PREFIX}${name}` };
  }
  const own = API_SETTINGS.some((name) => values[name] !== undefined) || values.identitypool !== undefined;
  const found = own ? { outputs: [], read: true } : await outputsOf(connection);
  for (const [name, pattern] of Object.entries(OUTPUTS) as [SettingName, RegExp][])
    values[name] ??= found.outputs.find(({ key }) => pattern.test(key));
  if (!own && !values.identitypool) {
    const [id] = await facts.once('identity pools', (c) => identityPoolsNamed(c, IDENTITY_POOL_NAME));
    if (id !== undefined) values.identitypool = { value: id, from: `the name ${IDENTITY_POOL_NAME}` };
  }
  return {
    region: connection.region,
    own,
    values,
    pools,
    addresses: found.outputs.filter(({ value }) => API_ADDRESS.test(value)),
    outputsRead: found.read,
  };
}

const workshopPools = (facts: Facts): Promise<string[]> =>
  facts.once('user pools', (connection) => userPoolsNamed(connection, USER_POOL_NAME));

async function outputsOf(connection: Connection): Promise<{ outputs: (Setting & { key: string })[]; read: boolean }> {
  try {
    const outputs = (await listStacks(connection)).flatMap((stack) =>
      Object.entries(stack.outputs).map(([key, value]) => ({
        key,
        value,
        from: `the output ${key} of the stack ${stack.name}`,
      })),
    );
    return { outputs, read: true };
  } catch (error) {
    if (isDenied(error)) return { outputs: [], read: false };
    throw error;
  }
}

/** The pool that the apps sign in to: the one that the settings name, where it is there. */
export function poolOf({ values, pools }: Pick<AppSettings, 'values' | 'pools'>): string | undefined {
  const named = values.userpool?.value.trim();
  return pools.find((id) => id === named) ?? pools[0];
}
