/** The Map state, inline and distributed ("Map workflow state", "Using Map state in Distributed mode", AWS). */
import { machineOf } from '../definition.ts';
import { Failure, type Fiber, type Process } from '../engine.ts';
import { StatesError } from '../errors.ts';
import { isObject, put } from '../json.ts';
import { evaluateDynamic, evaluateTemplate, evaluateTyped, evaluateValue } from '../scene.ts';
import type { Json, JsonObject } from '../types.ts';
import { Variables } from '../variables.ts';
import { afterInputPath, conclude, selectResult } from './data-flow.ts';
import { readItems } from './item-reader.ts';
import { type Body, type Branch, reported, type Result, runMachine, type Visit } from './run.ts';
import { writeTimestamp } from '../timestamp.ts';
import { setting } from './setting.ts';

/** One item: its place, its value, where it is from, and its name where an object is iterated over. */
interface Item {
  index: number;
  value: Json;
  source: string;
  key?: string;
}

/** The Source of items that are not read from a bucket ("Accessing execution data from the Context object", AWS). */
const STATE_DATA = 'STATE_DATA';

const isDistributed = (processor: JsonObject): boolean =>
  isObject(processor.ProcessorConfig) && processor.ProcessorConfig.Mode === 'DISTRIBUTED';

/** An item's part of the context object. */
const itemContext = ({ index, value, source, key }: Item): JsonObject => ({
  Item: { Index: index, ...(key !== undefined && { Key: key }), Value: value, Source: source },
});

function inScene(visit: Visit, item: Item): Visit['scene'] {
  return { ...visit.scene, context: { ...visit.scene.context, Map: itemContext(item) } };
}

/** The array (or object) that is iterated over. */
function* itemsOf(visit: Visit, input: Json, distributed: boolean): Process<Item[]> {
  const { state, scene, language } = visit;
  let found: Json;
  let source = STATE_DATA;
  if ('ItemReader' in state) ({ items: found, source } = yield* readItems(visit, state.ItemReader as Json, input));
  else if (language === 'JSONata') {
    found = 'Items' in state ? evaluateValue(state.Items as Json, 'Items', scene, { input: visit.input }) : input;
    if (!Array.isArray(found) && !(distributed && isObject(found)))
      evaluateTyped((state.Items ?? '{% $states.input %}') as Json, 'Items', 'array', scene, { input: visit.input });
  } else {
    const path = typeof state.ItemsPath === 'string' ? state.ItemsPath : '$';
    found = path === '$' ? input : evaluateDynamic(path, 'ItemsPath', scene, input);
    if (!Array.isArray(found) && !(distributed && isObject(found)))
      throw new StatesError('States.Runtime', `Reference path "${path.replace(/^\$\$/, '$')}" must point to array.`);
    visit.inspect('afterItemsPath', found);
  }
  if (Array.isArray(found)) return found.map((value, index) => ({ index, value, source }));
  return Object.entries(found as JsonObject).map(([key, value], index) => ({ index, key, value, source }));
}

/** ItemSelector (or the older Parameters) applied to one item. */
function select(visit: Visit, item: Item, input: Json): Json {
  const { state, language } = visit;
  const template =
    'ItemSelector' in state ? state.ItemSelector : language === 'JSONPath' ? state.Parameters : undefined;
  if (template === undefined) return item.key === undefined ? item.value : { Key: item.key, Value: item.value };
  const scene = inScene(visit, item);
  const value =
    language === 'JSONata'
      ? evaluateValue(template, 'ItemSelector', scene, { input: visit.input })
      : evaluateTemplate(template, scene, input);
  visit.inspect('afterItemSelector', value);
  return value;
}

/** ItemBatcher: several items to one child, as `{Items}` beside `{BatchInput}`. */
function batch(visit: Visit, items: Item[], input: Json): Item[] {
  const batcher = visit.state.ItemBatcher;
  const selected = items.map((item) => ({ ...item, value: select(visit, item, input) }));
  if (!isObject(batcher)) return selected;
  const most = setting(visit, batcher, 'MaxItemsPerBatch', input) ?? Number.POSITIVE_INFINITY;
  const bytes = setting(visit, batcher, 'MaxInputBytesPerBatch', input) ?? Number.POSITIVE_INFINITY;
  let shared: JsonObject = {};
  if ('BatchInput' in batcher)
    shared = {
      BatchInput:
        visit.language === 'JSONata'
          ? evaluateValue(batcher.BatchInput as Json, 'ItemBatcher/BatchInput', visit.scene, { input: visit.input })
          : evaluateTemplate(batcher.BatchInput as Json, visit.scene, input),
    };
  const batches: Json[][] = [];
  let current: Json[] = [];
  let size = 0;
  for (const { value } of selected) {
    const weight = Buffer.byteLength(JSON.stringify(value), 'utf8') + 1;
    if (current.length > 0 && (current.length >= most || size + weight > bytes)) {
      batches.push(current);
      current = [];
      size = 0;
    }
    current.push(value);
    size += weight;
  }
  if (current.length > 0) batches.push(current);
  const made = batches.map((Items, index): Item => ({ index, value: { ...shared, Items }, source: STATE_DATA }));
  visit.inspect(
    'afterItemBatcher',
    made.map(({ value }) => value),
  );
  return made;
}

interface Tolerance {
  count: number | undefined;
  percentage: number | undefined;
}

function exceeded({ count, percentage }: Tolerance, failed: number, total: number): boolean {
  if (failed === 0) return false;
  if (count === undefined && percentage === undefined) return true;
  return (
    (count !== undefined && failed > count) ||
    (percentage !== undefined && total > 0 && (failed / total) * 100 > percentage)
  );
}

export function map(bodies: () => Record<string, Body>): Body {
  return function* (visit: Visit): Process<Result> {
    const { engine, fiber, state } = visit;
    const processor = (state.ItemProcessor ?? state.Iterator) as JsonObject;
    const machine = machineOf(processor);
    const distributed = isDistributed(processor);
    const input = visit.language === 'JSONata' ? visit.input : afterInputPath(visit);
    const write = writer(state.ResultWriter);
    const concurrency = setting(visit, state, 'MaxConcurrency', input) ?? 0;
    const tolerance: Tolerance = {
      count: setting(visit, state, 'ToleratedFailureCount', input),
      percentage: setting(visit, state, 'ToleratedFailurePercentage', input),
    };
    const raw = yield* itemsOf(visit, input, distributed);
    visit.inspect('maxConcurrency', concurrency);
    if (tolerance.count !== undefined) visit.inspect('toleratedFailureCount', tolerance.count);
    if (tolerance.percentage !== undefined) visit.inspect('toleratedFailurePercentage', tolerance.percentage);
    const items = distributed ? batch(visit, raw, input) : raw;
    engine.log(fiber, 'MapStateStarted', 'mapStateStarted', { length: items.length });
    visit.started = true;
    const outputs = yield* iterate(visit, items, concurrency, {
      branchOf: (own, item) => iteration(visit, own, item, distributed),
      inputOf: (item, own) => {
        if (distributed) return item.value;
        try {
          return select(visit, item, input);
        } catch (error) {
          throw reported(visit, error, own);
        }
      },
      run: (branch, value) => runMachine(branch, machine, value, bodies()),
      distributed,
      tolerance,
      runArn: distributed ? mapRunArn(visit) : undefined,
    });
    const results = write(outputs);
    engine.log(fiber, 'MapStateSucceeded');
    visit.scene.now = engine.now;
    return conclude(visit, results, selectResult(visit, results));
  };
}

/** ResultWriter without a bucket: how the outputs are put together. A bucket is refused: nobody is asked to write. */
function writer(config: Json | undefined): (outputs: Json[]) => Json[] {
  if (config === undefined) return (outputs) => outputs;
  const { Resource, WriterConfig } = isObject(config) ? config : {};
  const { Transformation = 'COMPACT', OutputType = 'JSON' } = isObject(WriterConfig) ? WriterConfig : {};
  if (Resource !== undefined || OutputType !== 'JSON' || Transformation === 'NONE')
    throw new StatesError(
      'States.ResultWriterFailed',
      'A ResultWriter that writes to Amazon S3, as JSONL or with Transformation NONE is not supported here.',
    );
  return Transformation === 'FLATTEN' ? (outputs) => outputs.flat() : (outputs) => outputs;
}

/** What the ARNs of a Map Run and of its child executions are built with: `workflow/label`. */
function runName({ engine, state, name }: Visit): string {
  const label = typeof state.Label === 'string' ? state.Label : name.replace(/[^\w-]/g, '').slice(0, 40);
  return `${engine.options.stateMachine.name}/${label}`;
}

const mapRunArn = (visit: Visit): string =>
  `${visit.engine.options.execution.arn.replace(/:(?:execution|express):.*$/, ':mapRun:')}${runName(visit)}:${visit.engine.dice.uuid()}`;

/** Where one iteration runs: in the workflow itself, or as a child execution with variables and context of its own. */
function iteration(visit: Visit, own: Fiber, item: Item, distributed: boolean): Branch {
  const { engine, variables, inherited, context } = visit;
  const inner: JsonObject = { ...context, Map: itemContext(item) };
  if (!distributed) return { engine, fiber: own, variables: new Variables(variables), inherited, context: inner };
  const childName = engine.dice.uuid();
  const { Execution, StateMachine } = context;
  const { Map: _, ...shared } = context;
  // "ResultWriter (Map)" shows the ARNs of child executions and of their state machine.
  const { execution, stateMachine } = engine.options;
  const machine = stateMachine.arn.replace(/[^:]*$/, runName(visit));
  return {
    engine,
    fiber: own,
    variables: new Variables(),
    inherited,
    context: {
      ...shared,
      Execution: {
        ...(isObject(Execution) ? Execution : {}),
        Id: `${execution.arn.replace(/:(?:execution|express):.*$/, ':execution:')}${runName(visit)}:${childName}`,
        Name: childName,
        Input: item.value,
        StartTime: writeTimestamp(engine.now),
      },
      StateMachine: { ...(isObject(StateMachine) ? StateMachine : {}), Id: machine },
    },
  };
}

/** A failed child execution, unchanged: what NONE shows of it ("ResultWriter (Map)", "Transformation NONE"). */
function record({ engine }: Visit, { context }: Branch, failure: Failure): JsonObject {
  const { Execution, StateMachine } = context as { Execution: JsonObject; StateMachine: JsonObject };
  const { Id = '', Name = '', Input = null, StartTime = '' } = Execution;
  return {
    ExecutionArn: Id,
    Input: JSON.stringify(Input),
    InputDetails: { Included: true },
    Name,
    ...failureValue(failure),
    RedriveCount: 0,
    StartDate: StartTime,
    StateMachineArn: StateMachine.Id ?? '',
    Status: 'FAILED',
    StopDate: writeTimestamp(engine.now),
  };
}

interface Plan {
  branchOf: (own: Fiber, item: Item) => Branch;
  inputOf: (item: Item, own: Fiber) => Json;
  run: (branch: Branch, input: Json) => Process<Json>;
  distributed: boolean;
  tolerance: Tolerance;
  runArn: string | undefined;
}

/** Runs the items, so many at a time; answers with their outputs in order. */
function* iterate(visit: Visit, items: Item[], concurrency: number, plan: Plan): Process<Json[]> {
  const { engine, fiber, name } = visit;
  if (plan.runArn !== undefined) engine.log(fiber, 'MapRunStarted', 'mapRunStarted', { mapRunArn: plan.runArn });
  const log = (on: Fiber, what: string, index: number) => {
    if (!plan.distributed) engine.log(on, `MapIteration${what}`, `mapIteration${what}`, { name, index });
  };
  const results: Json[] = items.map(() => null);
  const running = new Map<Fiber, Item>();
  const branches = new Map<Fiber, Branch>();
  const waiting = items[Symbol.iterator]();
  let failed = 0;
  const startNext = (): boolean => {
    const next = waiting.next();
    if (next.done) return false;
    const item = next.value;
    const child = engine.spawn(
      fiber,
      function* (own) {
        log(own, 'Started', item.index);
        const branch = plan.branchOf(own, item);
        if (plan.distributed) branches.set(own, branch);
        return yield* plan.run(branch, plan.inputOf(item, own));
      },
      plan.distributed,
    );
    running.set(child, item);
    return true;
  };
  const width = concurrency > 0 ? concurrency : plan.distributed ? 10_000 : 40;
  while (running.size < width && startNext());
  while (running.size > 0) {
    const signal = yield;
    if (signal.kind !== 'child') continue;
    const { child, outcome } = signal;
    const item = running.get(child) as Item;
    running.delete(child);
    const branch = branches.get(child);
    branches.delete(child);
    fiber.lastEvent = Math.max(fiber.lastEvent, child.lastEvent);
    if ('output' in outcome) {
      log(child, 'Succeeded', item.index);
      results[item.index] = outcome.output;
    } else {
      failed++;
      log(child, 'Failed', item.index);
      if (branch) results[item.index] = record(visit, branch, outcome.failure);
      if (!plan.distributed || exceeded(plan.tolerance, failed, items.length)) {
        for (const [other, { index }] of running) {
          engine.abort(other);
          log(other, 'Aborted', index);
          fiber.lastEvent = other.lastEvent;
        }
        fiber.lastEvent = Math.max(fiber.lastEvent, child.lastEvent);
        throw plan.distributed ? runFailed(visit) : outcome.failure;
      }
    }
    fiber.lastEvent = child.silent ? fiber.lastEvent : child.lastEvent;
    startNext();
  }
  if (plan.distributed) engine.log(fiber, 'MapRunSucceeded');
  return results;
}

function failureValue({ error, reason }: Failure): JsonObject {
  const value: JsonObject = {};
  if (error !== undefined) put(value, 'Error', error);
  if (reason !== undefined) put(value, 'Cause', reason);
  return value;
}

function runFailed({ engine, fiber }: Visit): Failure {
  const error = 'States.ExceedToleratedFailureThreshold';
  const cause = 'The specified tolerated failure threshold was exceeded';
  engine.log(fiber, 'MapRunFailed', 'mapRunFailed', { error, cause });
  return new Failure(error, cause);
}
