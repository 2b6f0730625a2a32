/** Is nothing of the workshop left, in any Region that is enabled? Looks for names; what only looks alike does not count. */
import type { Connection } from '../../aws/connection.ts';
import { handMadeRoles } from '../../aws/hand-made-roles.ts';
import { tracesElsewhere } from '../../aws/regions.ts';
import { isGeneratedName, TRACE_KINDS, type TraceKind, type Traces, tracesIn } from '../../aws/traces.ts';
import { MARKER, WORKFLOW_NAME } from '../../workshop.ts';
import type { Facts } from '../facts.ts';
import type { Check, Verdict } from '../types.ts';
import { probe } from './probe.ts';

interface Seen {
  here: string;
  regions: Traces[];
  /** Why the enabled Regions could not be listed; those of the workshop were looked into instead. */
  unlisted?: string;
  /** Only where roles are asked for: they belong to no Region. */
  roles: string[] | undefined;
}

async function everywhere(connection: Connection): Promise<Pick<Seen, 'regions' | 'unlisted'>> {
  const [here, { traces, ...rest }] = await Promise.all([tracesIn(connection), tracesElsewhere(connection)]);
  return { regions: [here, ...traces], ...rest };
}

async function rolesLeft(connection: Connection): Promise<string[]> {
  const roles = await handMadeRoles(connection, new Set());
  return roles
    .filter(
      ({ name, path, tags, resources }) =>
        tags[MARKER.key] === MARKER.value ||
        isGeneratedName(name) ||
        (path === '/service-role/' &&
          (name.startsWith(`StepFunctions-${WORKFLOW_NAME}-role-`) ||
            (/^Amazon_EventBridge_Invoke_/.test(name) &&
              resources.some((resource) => resource.endsWith(`:stateMachine:${WORKFLOW_NAME}`))))),
    )
    .map(({ name }) => name);
}

const kindsOf = (check: Check): TraceKind[] => {
  const asked = check.expect['kinds'];
  const kinds = Array.isArray(asked) ? asked : [];
  return TRACE_KINDS.filter((kind) => kinds.includes(kind));
};

/** `expect: {kinds: [stack, table], roles: true}`: kinds as src/aws/traces.ts names them. */
export const nothingLeft = probe<Seen>({
  async observe(check: Check, facts: Facts) {
    const [seen, roles] = await Promise.all([
      facts.once('traces', everywhere),
      check.expect['roles'] === true ? facts.once('roles left', rolesLeft) : undefined,
    ]);
    return { here: facts.region, ...seen, roles };
  },
  judge(check, { here, regions, unlisted, roles }): Verdict {
    const kinds = kindsOf(check);
    const on = regions.filter(({ off }) => !off);
    const expected = `no ${[...kinds, ...(roles ? ['role'] : [])].join(', ')} of the workshop in ${on.length} ${on.length === 1 ? 'Region' : 'Regions'}`;
    const found = on.flatMap(({ region, found: all }) =>
      all
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ kind, id, name }) => ({ region, text: `${kind} ${name ?? id} in ${region}` })),
    );
    // What lies in another Region is what people do not think of, so it is named first.
    found.sort((a, b) => Number(a.region === here) - Number(b.region === here));
    const left = [...found.map(({ text }) => text), ...(roles ?? []).map((name) => `role ${name}`)];
    if (left.length > 0) {
      const elsewhere = found.find(({ region }) => region !== here)?.region;
      const only = elsewhere !== undefined && !found.some(({ region }) => region === here);
      return {
        status: 'fail',
        expected,
        found: `${left.slice(0, 6).join(', ')}${left.length > 6 ? ` and ${left.length - 6} more` : ''}`,
        ...(only ? { hint: `presso teardown --region ${elsewhere}` } : {}),
      };
    }
    const blind = on.flatMap(({ region, unseen }) =>
      unseen.filter(({ kind }) => kinds.includes(kind)).map(({ kind, why }) => `${kind} in ${region}: ${why}`),
    );
    if (blind.length > 0)
      return { status: 'error', expected, found: `could not look: ${blind[0]}`, hint: 'aws sts get-caller-identity' };
    const off = regions.length - on.length;
    const notes = [
      ...(off > 0 ? [`${off} not enabled`] : []),
      ...(unlisted === undefined ? [] : ['the enabled Regions could not be listed: account:ListRegions was refused']),
    ];
    return {
      status: 'pass',
      expected,
      found: `nothing in ${on.map(({ region }) => region).join(', ')}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`,
    };
  },
});
