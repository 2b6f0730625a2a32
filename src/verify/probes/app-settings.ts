/** Is there everything that the three apps are configured with, and does it fit together? */
import { identityPool, type IdentityPool } from '../../aws/identity-pools.ts';
import { iotEndpoint } from '../../aws/iot.ts';
import { type AppClient, appClient } from '../../aws/user-pools.ts';
import { API_SETTINGS, type AppSettings, appSettings, PUT_BACK, type SettingName, SETTINGS } from '../apps/settings.ts';
import type { Facts } from '../facts.ts';
import type { Verdict } from '../types.ts';
import { probe } from './probe.ts';

interface Seen {
  settings: AppSettings;
  client: AppClient | undefined;
  identities: IdentityPool | undefined;
  /** Host of AWS IoT in this Region. */
  iot: string;
  cli: string;
}

/** The identity pool that the settings name; asked once for all checks. */
export async function identitiesOf(facts: Facts): Promise<IdentityPool | undefined> {
  const id = (await appSettings(facts)).values.identitypool?.value.trim();
  return id ? facts.once(`identity pool ${id}`, (connection) => identityPool(connection, id)) : undefined;
}

/** What has to be there: an official set-up has no API of the publisher, and since 2025 no identity pool. */
const needed = ({ own }: AppSettings): SettingName[] => [
  'userpool',
  'userpoolclient',
  ...(own ? (['identitypool', ...API_SETTINGS] as const) : []),
];

/** Blanks, and marks that take no room: what comes along when an address is copied from a page. */
const BLANK = /[\s\p{Cc}\p{Cf}]/u;

function whereBlank(value: string): string {
  if (BLANK.test(value[0] ?? '')) return 'at its beginning';
  return BLANK.test(value.at(-1) ?? '') ? 'at its end' : 'inside';
}

const SIGN_IN = /^(ALLOW_)?(USER_(SRP|PASSWORD)_AUTH|USER_AUTH|CUSTOM_AUTH(_FLOW_ONLY)?)$/;

export const providerName = (region: string, pool: string): string => `cognito-idp.${region}.amazonaws.com/${pool}`;

export const appSettingsProbe = probe<Seen>({
  async observe(_check, facts) {
    const settings = await appSettings(facts);
    const pool = settings.values.userpool?.value.trim();
    const id = settings.values.userpoolclient?.value.trim();
    const [client, identities, iot] = await Promise.all([
      pool && id ? facts.once(`app client ${pool} ${id}`, (c) => appClient(c, pool, id)) : undefined,
      identitiesOf(facts),
      facts.once('IoT endpoint', iotEndpoint),
    ]);
    const endpoint = facts.connection?.endpoint;
    return {
      settings,
      client,
      identities,
      iot,
      cli: `aws --region ${facts.region}${endpoint ? ` --endpoint-url ${endpoint}` : ''}`,
    };
  },
  judge(_check, { settings, client, identities, iot, cli }): Verdict {
    const { own, values, region } = settings;
    const wanted = needed(settings);
    const expected = `${wanted.map((name) => SETTINGS[name]).join(', ')} and the host of AWS IoT, all of Region ${region}`;
    const say = (status: Verdict['status'], found: string, hint?: string): Verdict => ({
      status,
      expected,
      found,
      ...(hint ? { hint } : {}),
    });
    for (const name of wanted) {
      const setting = values[name];
      if (!setting)
        return settings.outputsRead
          ? say('fail', `nothing says which ${SETTINGS[name]} the apps use`, PUT_BACK)
          : say('error', 'the outputs of the stacks may not be read', 'Allow cloudformation:DescribeStacks.');
      if (BLANK.test(setting.value))
        return say(
          'fail',
          `the ${SETTINGS[name]} in ${setting.from} has a blank ${whereBlank(setting.value)} (${JSON.stringify(setting.value)})`,
          setting.from.startsWith('the parameter ')
            ? `Take it out; in a browser it looks like an error of CORS: ${cli} ssm put-parameter --overwrite --name ${setting.from.slice('the parameter '.length)} --value ${setting.value.replace(/[\s\p{Cc}\p{Cf}]/gu, '')}`
            : 'Take it out; in a browser it looks like an error of CORS.',
        );
    }
    const value = (name: SettingName): string => values[name]?.value ?? '';
    const [pool, id] = [value('userpool'), value('userpoolclient')];
    const place = pool.split('_')[0];
    if (place !== region)
      return say('fail', `the user pool ${pool} is of Region ${place}, and this is ${region}`, PUT_BACK);
    if (!client)
      return say(
        'fail',
        settings.pools.includes(pool)
          ? `the user pool ${pool} has no app client ${id}`
          : `the user pool ${pool}, which ${values.userpool?.from} names, is not there`,
        PUT_BACK,
      );
    if (client.hasSecret)
      return say(
        'fail',
        `the app client ${id} has a secret, which a page cannot keep`,
        'Make an app client without a secret, and put its id into the settings.',
      );
    if (client.flows.length > 0 && !client.flows.some((flow) => SIGN_IN.test(flow)))
      return say(
        'fail',
        `nobody can sign in through the app client ${id}, which allows only ${client.flows.join(', ')}`,
        'Allow it ALLOW_USER_SRP_AUTH.',
      );
    const trouble = identityTrouble(settings, identities);
    if (trouble !== undefined) return say('fail', trouble, PUT_BACK);
    for (const name of own ? API_SETTINGS : []) {
      const wrong = addressTrouble(value(name), region);
      if (wrong !== undefined)
        return say('fail', `the ${SETTINGS[name]} in ${values[name]?.from} is ${value(name)}, ${wrong}`, PUT_BACK);
    }
    if (!own && settings.addresses.length < 3)
      return say(
        'error',
        'the addresses of the APIs are in no output of a stack that may be read here',
        'The page of the event shows them.',
      );
    if (iot === '') return say('fail', `AWS IoT has no host in ${region}`);
    const apis = own ? API_SETTINGS.length : settings.addresses.length;
    // Since 2025 an event's account carries the news by AppSync Events, for which nobody needs an identity.
    const news = value('identitypool') ? iot : 'AppSync Events';
    return say(
      'pass',
      `user pool ${pool}, app client ${id}, ${value('identitypool') ? `identity pool ${value('identitypool')}, ` : ''}${apis} APIs, ${news}`,
    );
  },
});

function identityTrouble(settings: AppSettings, identities: IdentityPool | undefined): string | undefined {
  const { values, region } = settings;
  const id = values.identitypool?.value;
  if (id === undefined) return undefined;
  if (!identities) return `the identity pool ${id}, which ${values.identitypool?.from} names, is not there`;
  const provider = providerName(region, values.userpool?.value ?? '');
  const client = values.userpoolclient?.value;
  if (identities.providers.some((one) => one.name === provider && one.client === client)) return undefined;
  return identities.providers.length === 0
    ? `the identity pool ${id} takes nobody's sign-in`
    : `the identity pool ${id} takes the sign-in of ${identities.providers.map((one) => `${one.name} (${one.client})`).join(', ')}, not that of the apps`;
}

/** An API's own address; what stands behind it is another check's. */
function addressTrouble(value: string, region: string): string | undefined {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return 'which is no address';
  }
  if (!/^https?:$/.test(url.protocol)) return 'which is no address of an API';
  const place = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/.exec(url.hostname)?.[1];
  return place !== undefined && place !== region ? `which is of Region ${place}, and this is ${region}` : undefined;
}
