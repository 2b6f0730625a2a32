/** The sandbox's own process: flags in, one message to whoever started it, lines to its log (stdout). */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { SandboxError, startSandbox } from './index.ts';

// A dozen threads each compile the same SDK for themselves: V8 took a quarter of an order's time for it. Three times as
// patient (its own figure is 132 KB of bytecode), it optimizes what is hot and leaves the rest.
setFlagsFromString('--interrupt-budget=400000');

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string', default: '0' },
    'any-port': { type: 'boolean', default: false },
    host: { type: 'string' },
    version: { type: 'string' },
    as: { type: 'string' },
    'no-iam': { type: 'boolean', default: false },
    latency: { type: 'string' },
    throttle: { type: 'string' },
    fault: { type: 'string' },
    drop: { type: 'string' },
    seed: { type: 'string' },
    window: { type: 'string' },
    eventual: { type: 'string' },
  },
});

const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

// A client that goes away in the middle is no reason to die; anything else is, and the journal holds what was answered.
process.stdout.on('error', () => {});

try {
  const sandbox = await startSandbox({
    port: Number(values.port),
    anyPort: values['any-port'],
    pace: 15,
    enforceIam: !values['no-iam'],
    faults: {
      latency: number(values.latency),
      throttle: number(values.throttle),
      fault: number(values.fault),
      drop: number(values.drop),
      seed: number(values.seed),
      window: number(values.window),
    },
    log: (line) => process.stdout.write(`${line.time} ${line.kind} ${line.message}\n`),
    ...(values.data === undefined ? {} : { dir: values.data }),
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.version === undefined ? {} : { version: values.version }),
    ...(values.eventual === undefined ? {} : { eventual: Number(values.eventual) }),
    ...(values.as === undefined ? {} : { callerRole: values.as }),
  });
  const stop = (): void => void sandbox.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Everything is on disk by then: a function that is still in the middle of something does not hold the process back.
  void sandbox.closed.then(() => setTimeout(() => process.exit(0), 500).unref());
  process.send?.({ ready: true });
} catch (error) {
  const known = error instanceof SandboxError;
  const sentence = error instanceof Error ? error.message : String(error);
  const told = {
    error: {
      code: known ? error.code : 'did-not-start',
      sentence: known ? sentence : `The sandbox could not start: ${sentence}.`,
      hint: known ? error.hint : 'presso sandbox logs',
    },
  };
  if (!known && error instanceof Error) process.stdout.write(`${error.stack}\n`);
  if (process.send) process.send(told, () => process.exit(2));
  else process.exit(2);
}
