import type { Json } from '../../asl/index.ts';
import { probe } from './probe.ts';

interface Seen {
  account: string;
  region: string;
  /** ARNs and placeholders in the definition, with the state they stand in. */
  found: { state: string; text: string }[];
  missing?: string;
}

/** Every ARN in the definition is of this account and Region, and no placeholder was left. */
export const workflowPlaces = probe<Seen>({
  offline: true,
  async observe(_check, facts) {
    const workflow = await facts.workflow();
    if (workflow.kind !== 'found')
      return { account: '', region: '', found: [], missing: 'there is no workflow to judge' };
    const [region = '', account = ''] = workflow.machine.arn.split(':').slice(3, 5);
    try {
      return { account, region, found: textsOf(JSON.parse(workflow.machine.definition) as Json) };
    } catch {
      return { account, region, found: [], missing: 'the definition is not JSON' };
    }
  },
  judge(_check, { account, region, found, missing }) {
    const expected = `ARNs of account ${account}, Region ${region}, and no placeholder`;
    if (missing) return { status: 'waiting', expected, found: missing };
    const placeholder = found.find(({ text }) => isPlaceholder(text));
    if (placeholder)
      return {
        status: 'fail',
        expected,
        found: `the placeholder "${placeholder.text}" was left in the state "${placeholder.state}"`,
        hint: 'Put the real value there; for the workflow’s own ARN use $$.StateMachine.Id.',
      };
    for (const { state, text } of found) {
      const arns = text.matchAll(/arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]*):(\d{12}|):/g);
      const [wrong] = [...arns].flatMap(([, inRegion, ofAccount]) =>
        ofAccount && ofAccount !== account
          ? [`account ${ofAccount}`]
          : inRegion && inRegion !== region
            ? [`Region ${inRegion}`]
            : [],
      );
      if (wrong)
        return {
          status: 'fail',
          expected,
          found: `the state "${state}" names a resource of ${wrong}: ${text}`,
          hint: `This is account ${account}, Region ${region}; for the workflow’s own ARN use $$.StateMachine.Id.`,
        };
    }
    return { status: 'pass', expected, found: 'nothing of another place' };
  },
});

/** In place of an ARN, or within one: what a message for people says between angle brackets is its own business. */
const isPlaceholder = (text: string): boolean =>
  /YOUR_[A-Z_]*ARN|^[^\w]*YOUR_[A-Z_]+[^\w]*$|^<[^<>]*\bARN\b[^<>]*>$/i.test(text) ||
  (/^(arn:|\$\{)/.test(text) && /YOUR_[A-Z_]+|<[A-Za-z_ -]+>|\$\{\w+\}/i.test(text));

function textsOf(definition: Json, state = ''): { state: string; text: string }[] {
  if (typeof definition === 'string')
    return /arn:|YOUR_|<.+>|\$\{/.test(definition) ? [{ state, text: definition }] : [];
  if (Array.isArray(definition)) return definition.flatMap((value) => textsOf(value, state));
  if (!definition || typeof definition !== 'object') return [];
  return Object.entries(definition).flatMap(([key, value]) =>
    key === 'States' && value && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value).flatMap(([name, inner]) => textsOf(inner, name))
      : key === 'Comment'
        ? []
        : textsOf(value, state),
  );
}
