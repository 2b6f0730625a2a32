/** The Parallel state: all branches at once, each with variables of its own; the first failure ends the others. */
import { machineOf } from '../definition.ts';
import type { Fiber, Process } from '../engine.ts';
import type { Json } from '../types.ts';
import { Variables } from '../variables.ts';
import { conclude, effectiveInput, selectResult } from './data-flow.ts';
import { type Body, type Result, runMachine, type Visit } from './run.ts';

export function parallel(bodies: () => Record<string, Body>): Body {
  return function* (visit: Visit): Process<Result> {
    const { engine, fiber, state, variables, inherited, context } = visit;
    const input = effectiveInput(visit);
    const branches = Array.isArray(state.Branches) ? state.Branches.map(machineOf) : [];
    engine.log(fiber, 'ParallelStateStarted');
    visit.started = true;
    const places = new Map<Fiber, number>();
    for (const [at, machine] of branches.entries()) {
      const child = engine.spawn(fiber, (own) =>
        runMachine(
          { engine, fiber: own, variables: new Variables(variables), inherited, context },
          machine,
          input,
          bodies(),
        ),
      );
      places.set(child, at);
    }
    const results: Json[] = branches.map(() => null);
    while (places.size > 0) {
      const signal = yield;
      if (signal.kind !== 'child') continue;
      const { child, outcome } = signal;
      fiber.lastEvent = child.lastEvent;
      if ('failure' in outcome) {
        for (const other of places.keys()) if (other !== child) engine.abort(other);
        throw outcome.failure;
      }
      results[places.get(child) as number] = outcome.output;
      places.delete(child);
    }
    engine.log(fiber, 'ParallelStateSucceeded');
    visit.scene.now = engine.now;
    return conclude(visit, results, selectResult(visit, results));
  };
}
