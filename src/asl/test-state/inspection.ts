import { isObject } from '../json.ts';
import type { InspectStage, Json, JsonObject } from '../types.ts';
import type { Test } from './request.ts';

/** The API's inspectionData; values are JSON texts, as there. */
export type InspectionData = { [name: string]: string | number | JsonObject };

/** What a Map or Parallel shows is less than what the engine tells of the task that stands in for it. */
const UNSEEN: Record<string, InspectStage[]> = {
  Map: ['result', 'afterParameters', 'afterArguments', 'input'],
  Parallel: ['result', 'afterArguments', 'input'],
};
const NUMBERS = new Set<InspectStage>(['maxConcurrency', 'toleratedFailureCount', 'toleratedFailurePercentage']);
const JSONPATH_STAGES = /^after(InputPath|Parameters|ResultSelector|ResultPath|ItemsPath)$/;

/** Collects inspectionData (developer guide, "Using TestState to inspect input and output processing"). */
export class Inspection {
  readonly #data: InspectionData = {};
  readonly #hidden: Set<InspectStage>;
  readonly #jsonata: boolean;
  readonly #selected: Json[] = [];
  #variables: JsonObject;

  constructor(test: Test) {
    this.#data.input = test.inputText;
    this.#hidden = new Set(UNSEEN[test.type] ?? ['input']);
    this.#jsonata = test.language === 'JSONata';
    const { ItemReader: reader } = test.state;
    const config = isObject(reader) ? reader.ReaderConfig : undefined;
    if (!isObject(config) || !('ItemsPointer' in config)) this.#hidden.add('afterItemsPointer');
    this.#variables = test.variables;
  }

  watch = (stage: InspectStage, value: Json): void => {
    if (this.#hidden.has(stage) || (this.#jsonata && (JSONPATH_STAGES.test(stage) || stage === 'result'))) return;
    if (stage === 'variables') this.#variables = { ...this.#variables, ...(value as JsonObject) };
    else if (stage === 'errorDetails') this.#data.errorDetails = value as JsonObject;
    else if (NUMBERS.has(stage)) this.#data[stage] = value as number;
    else if (stage === 'afterItemSelector') {
      this.#selected.push(value);
      this.#data.afterItemSelector = JSON.stringify(this.#selected);
    } else this.#data[stage] = JSON.stringify(value);
  };

  /** Watches only some stages: of a second play, whose first steps have been seen. */
  only(...stages: InspectStage[]): (stage: InspectStage, value: Json) => void {
    return (stage, value) => {
      if (stages.includes(stage)) this.watch(stage, value);
    };
  }

  set(name: 'errorDetails', value: JsonObject): void {
    this.#data[name] = value;
  }

  #traced: { request?: JsonObject; response?: JsonObject } = {};

  trace(name: 'request' | 'response', value: JsonObject): void {
    this.#traced[name] = value;
  }

  number(stage: InspectStage): number | undefined {
    const value = this.#data[stage];
    return typeof value === 'number' ? value : undefined;
  }

  show(level: Test['level']): InspectionData | undefined {
    if (level === 'INFO') return;
    return {
      ...this.#data,
      ...(Object.keys(this.#variables).length > 0 && { variables: JSON.stringify(this.#variables) }),
      ...(level === 'TRACE' && this.#traced),
    };
  }
}
