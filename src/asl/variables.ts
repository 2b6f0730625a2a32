import type { Json, JsonObject } from './types.ts';

/**
 * The variables of one scope: the workflow, a branch of a Parallel state or one iteration of a Map. An inner scope
 * reads what is outside and assigns only to itself ("Passing data between states with variables", AWS).
 */
export class Variables {
  readonly #own = new Map<string, Json>();
  readonly #outer: Variables | undefined;

  constructor(outer?: Variables, own: JsonObject = {}) {
    this.#outer = outer;
    this.assign(own);
  }

  get(name: string): Json | undefined {
    return this.#own.has(name) ? this.#own.get(name) : this.#outer?.get(name);
  }

  assign(values: JsonObject): void {
    for (const [name, value] of Object.entries(values)) this.#own.set(name, value);
  }
}
