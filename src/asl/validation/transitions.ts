import type { Json, JsonObject } from '../types.ts';
import type { Report } from './diagnostics.ts';
import { element, member } from './json-text.ts';
import { isObject } from './values.ts';

/** Every target exists in the same machine, every state is somebody's target, and one of them ends (States Language, "Transitions"). */
export function checkTransitions(report: Report, machine: JsonObject, states: JsonObject, location: string): void {
  const reached = new Set<string>();
  const target = (value: Json | undefined, where: string, from?: string): void => {
    if (typeof value !== 'string') return;
    if (!Object.hasOwn(states, value))
      report.error('MISSING_TRANSITION_TARGET', `Missing 'Next' target: ${value}`, where);
    else if (value !== from) reached.add(value);
  };
  target(machine.StartAt, member(location, 'StartAt'));
  let ends = false;
  for (const [name, state] of Object.entries(states)) {
    if (!isObject(state)) continue;
    const here = member(member(location, 'States'), name);
    target(state.Next, member(here, 'Next'), name);
    target(state.Default, member(here, 'Default'), name);
    for (const field of ['Choices', 'Catch']) {
      const list = state[field];
      if (!Array.isArray(list)) continue;
      for (const [at, entry] of list.entries())
        if (isObject(entry)) target(entry.Next, member(element(member(here, field), at), 'Next'), name);
    }
    ends ||= state.Type === 'Succeed' || state.Type === 'Fail' || state.End === true;
  }
  if (!ends && Object.keys(states).length > 0) {
    // AWS gives no location here, and then says nothing of states that cannot be reached.
    report.error('MISSING_END_STATE', 'Workflow has no terminal state');
    return;
  }
  for (const name of Object.keys(states))
    if (!reached.has(name))
      report.error(
        'MISSING_TRANSITION_TARGET',
        `State "${name}" is not reachable.`,
        member(member(location, 'States'), name),
      );
}
