/** Do the apps' APIs stand as the apps call them, locked to who signed in? What they answer is seen with the apps themselves. */
import { stackOfResource } from '../../aws/cloudformation.ts';
import { apiParts, type HttpApi, httpApis } from '../../aws/http-apis.ts';
import { type ApiName, type ApiSeen, apiTrouble, CALLS } from '../apps/routes.ts';
import { API_SETTINGS, type AppSettings, appSettings, PUT_BACK, SETTINGS } from '../apps/settings.ts';
import type { Verdict } from '../types.ts';
import { providerName } from './app-settings.ts';
import { probe } from './probe.ts';

interface Seen {
  settings: AppSettings;
  apis: Partial<Record<ApiName, ApiSeen>>;
  functions: string[];
  /** Ids of an official set-up's REST APIs, and the stacks that hold them. */
  rest: { id: string; stack: string | undefined }[];
}

const plain = (address: string): string => address.trim().replace(/\/+$/, '');

/** The API that answers at an address: by the address that it says is its own, else by the id at its beginning. */
const apiAt = (address: string, apis: readonly HttpApi[]): HttpApi | undefined =>
  apis.find(({ endpoint }) => plain(endpoint) === plain(address)) ?? apis.find(({ id }) => id === idIn(address));

const idIn = (address: string): string => /^https?:\/\/([a-z0-9]+)\.execute-api\./.exec(address.trim())?.[1] ?? '';

export const apiAnswers = probe<Seen>({
  async observe(_check, facts) {
    const settings = await appSettings(facts);
    const base = { settings, apis: {}, functions: [], rest: [] };
    if (!settings.own) {
      const ids = [...new Set(settings.addresses.map(({ value }) => idIn(value)))].slice(0, 6);
      const rest = await Promise.all(
        ids.map(async (id) => ({ id, stack: await facts.once(`stack of ${id}`, (c) => stackOfResource(c, id)) })),
      );
      return { ...base, rest };
    }
    const [all, functions] = await Promise.all([facts.once('http apis', httpApis), facts.functions()]);
    const apis: Seen['apis'] = {};
    await Promise.all(
      API_SETTINGS.map(async (name) => {
        const api = apiAt(settings.values[name]?.value ?? '', all);
        if (api) apis[name] = { api, parts: await facts.once(`api ${api.id}`, (c) => apiParts(c, api.id)) };
      }),
    );
    return { ...base, apis, functions };
  },
  judge(_check, { settings, apis, functions, rest }): Verdict {
    const calls = API_SETTINGS.flatMap((name) => CALLS[name].map(({ method, path }) => `${method} ${path}`));
    const expected = `${calls.join(', ')}: each for those who signed in to the user pool of the apps, GET /config for everyone`;
    const say = (status: Verdict['status'], found: string, hint?: string): Verdict => ({
      status,
      expected,
      found,
      ...(hint ? { hint } : {}),
    });
    if (!settings.own) {
      const lost = rest.find(({ stack }) => stack === undefined);
      return lost || rest.length === 0
        ? say('fail', `no stack here holds the API ${lost?.id ?? 'that the apps call'}`)
        : say(
            'pass',
            `${rest.length} APIs of ${[...new Set(rest.map(({ stack }) => stack))].join(', ')}, as the event set them up`,
          );
    }
    const pool = settings.values.userpool?.value ?? '';
    const lock = {
      issuer: `https://${providerName(settings.region, pool)}`,
      client: settings.values.userpoolclient?.value ?? '',
    };
    for (const name of API_SETTINGS) {
      const seen = apis[name];
      if (!seen) return say('fail', `the ${SETTINGS[name]}, ${settings.values[name]?.value}, is not there`, PUT_BACK);
      const trouble = apiTrouble(name, seen, lock, functions);
      if (trouble) return say('fail', trouble.found, trouble.hint);
    }
    return say('pass', `${calls.length} calls of ${API_SETTINGS.length} APIs, held to ${lock.issuer}`);
  },
});
