/** What the workflow commands do, beyond their flags. */
import path from 'node:path';
import type { Connection } from '../aws/connection.ts';
import { createStateMachine, listExecutions, type StateMachine, updateStateMachine } from '../aws/states.ts';
import { EXIT, PressoError } from '../errors.ts';
import { executionLines, findingLines } from '../report/workflow.ts';
import { confirm, isTerminal, paint, say, sayJson, tell, width } from '../terminal.ts';
import { clean, count, cut, line, word } from '../text.ts';
import {
  diffLines,
  findWorkflow,
  type Graph,
  graphOf,
  lint,
  pretty,
  processorRole,
  readDefinitionFile,
  shortened,
  theWorkflow,
  toDot,
  toMermaid,
  toText,
  writeDefinitionFile,
} from '../workflow/index.ts';
import { MARKER, PROCESSOR_ROLE_PART, WORKFLOW_NAME } from '../workshop.ts';

const parsed = (definition: string): unknown => {
  try {
    return JSON.parse(definition);
  } catch {
    return undefined;
  }
};

export async function show(connection: Connection, name: string | undefined, json: boolean): Promise<void> {
  const machine = await theWorkflow(connection, name);
  const executions = machine.type === 'EXPRESS' ? [] : await listExecutions(connection, machine.arn, 5);
  const { nodes } = graphOf(parsed(machine.definition));
  const states = nodes.map((node) => ({ name: node.name, type: node.type }));
  const role = machine.roleArn.split('/').at(-1) ?? '';
  if (json) {
    const { definition: _, ...rest } = machine;
    sayJson({
      ...rest,
      states,
      executions: executions.map((one) => ({
        ...one,
        started: new Date(one.started).toISOString(),
        stopped: one.stopped === undefined ? undefined : new Date(one.stopped).toISOString(),
      })),
    });
    return;
  }
  const c = paint();
  say(`${c.bold(line(machine.name))} · ${machine.type} · ${machine.status}`);
  say(`  ${line(machine.arn)}`);
  if (machine.type === 'EXPRESS')
    say('  ! EXPRESS cannot wait for a callback; the workshop needs STANDARD   (presso solve module-1)');
  say(
    `  role ${line(role)}${role.includes(PROCESSOR_ROLE_PART) ? '' : ` (the one that was prepared is called like ${PROCESSOR_ROLE_PART})`}`,
  );
  say(`\n${count(states.length, 'state')}`);
  for (const state of states) say(`  ${line(state.name)} · ${line(state.type)}`);
  say(`\n${executions.length === 0 ? 'No execution yet' : 'Last executions'}`);
  for (const text of executionLines(executions)) say(`  ${text}`);
  say(`  ${c.dim('Next:')} presso workflow graph`);
}

/** Writes the definition to a file, or with `-` to standard output. */
export async function pull(
  connection: Connection,
  wish: { file?: string | undefined; name?: string | undefined; force: boolean; json: boolean },
): Promise<void> {
  const machine = await theWorkflow(connection, wish.name);
  const text = pretty(machine.definition);
  if (wish.file === '-') {
    say(clean(text.trimEnd()));
    return;
  }
  const file = wish.file ?? `${machine.name}.asl.json`;
  const written = writeDefinitionFile(file, text, wish.force);
  if (wish.json) {
    sayJson({ name: machine.name, arn: machine.arn, file: path.resolve(file), written });
    return;
  }
  say(
    written
      ? `${paint().green('✓')} ${line(machine.name)} → ${file}`
      : `${file} says what ${line(machine.name)} says; nothing to write.`,
  );
  say(`  ${paint().dim('Next:')} presso workflow push ${word(file)}   (after you changed it)`);
}

export interface PushWish {
  file: string;
  name?: string | undefined;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

export async function push(connection: Connection, wish: PushWish): Promise<void> {
  const { file, json } = wish;
  const text = readDefinitionFile(file);
  const findings = lint(text, 'STANDARD');
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (!json) for (const found of findingLines(findings, file)) (errors.length > 0 ? tell : say)(found);
  if (errors.length > 0) {
    if (json) {
      sayJson({ file, findings, pushed: false });
      throw new PressoError('quiet', 'Not pushed.', { hint: '', exit: EXIT.no });
    }
    throw new PressoError(
      'definition',
      `${file} was not pushed: ${count(errors.length, 'error')} to put right first.`,
      {
        hint: `presso workflow push ${word(file)}   (after you changed it)`,
        exit: EXIT.no,
      },
    );
  }
  const machine = await pushTarget(connection, wish.name);
  if (machine?.type === 'EXPRESS')
    throw new PressoError(
      'express',
      `${line(machine.name)} is EXPRESS, which cannot be changed and cannot wait for a callback.`,
      {
        hint: 'presso solve module-1   (makes it anew as STANDARD)',
      },
    );
  const before = machine ? pretty(machine.definition).trimEnd().split('\n') : [];
  const difference = diffLines(before, pretty(text).trimEnd().split('\n'));
  const added = difference.filter(({ kind }) => kind === '+').length;
  const removed = difference.filter(({ kind }) => kind === '-').length;
  const name = machine?.name ?? wish.name ?? WORKFLOW_NAME;
  const role = machine ? undefined : await processorRole(connection);
  const change = {
    name,
    arn: machine?.arn,
    action: machine ? (added + removed === 0 ? 'keep' : 'update') : 'create',
    added,
    removed,
  };
  if (json && (wish.dryRun || change.action === 'keep')) {
    sayJson({ file, findings, ...change, pushed: false });
    return;
  }
  if (!json) {
    if (change.action === 'keep') {
      say(`${line(name)} says what ${file} says; nothing was changed.`);
      return;
    }
    if (machine) for (const one of shortened(difference)) say(tinted(clean(one)));
    say(
      machine
        ? `~ update ${line(name)}: ${count(added, 'line')} added, ${count(removed, 'line')} taken out`
        : `+ create ${line(name)}, STANDARD, as role ${line(role?.name ?? '')}`,
    );
    if (wish.dryRun) {
      say(`Nothing was changed.\n  ${paint().dim('Next:')} ${wish.command}`);
      return;
    }
  }
  if (
    (await confirm(`${machine ? 'Update' : 'Create'} ${name}?`, {
      yes: wish.yes,
      command: wish.command,
    })) === 'no'
  ) {
    say('Nothing was changed.');
    return;
  }
  const arn = await apply(connection, machine, name, role?.arn ?? '', text);
  if (json) sayJson({ file, findings, ...change, arn, pushed: true });
  else {
    say(
      `${paint().green('✓')} ${line(name)} ${machine ? 'updated; executions that run keep the definition they began with' : 'created'}.`,
    );
    say(`  ${paint().dim('Next:')} presso verify module-1`);
  }
}

async function apply(
  connection: Connection,
  machine: StateMachine | undefined,
  name: string,
  role: string,
  text: string,
): Promise<string> {
  if (!machine)
    return createStateMachine(connection, {
      name,
      type: 'STANDARD',
      definition: text,
      roleArn: role,
      tags: { [MARKER.key]: MARKER.value },
    });
  await updateStateMachine(connection, machine.arn, { definition: text, roleArn: machine.roleArn });
  return machine.arn;
}

/** A name that nobody has yet is the name of a new workflow. */
async function pushTarget(connection: Connection, name: string | undefined): Promise<StateMachine | undefined> {
  try {
    return await findWorkflow(connection, name);
  } catch (error) {
    if (name !== undefined && !name.includes(':') && error instanceof PressoError && error.code === 'no-workflow')
      return undefined;
    throw error;
  }
}

function tinted(text: string): string {
  const c = paint();
  return text.startsWith('+') ? c.green(text) : text.startsWith('-') ? c.red(text) : c.dim(text);
}

export type GraphFormat = 'text' | 'mermaid' | 'dot';
const DRAW: Record<GraphFormat, (graph: Graph) => string[]> = { text: toText, mermaid: toMermaid, dot: toDot };

export function graph(definition: string, source: string, format: GraphFormat, json: boolean): void {
  const value = parsed(definition);
  if (value === undefined) {
    const [first] = lint(definition, 'STANDARD');
    throw new PressoError('definition', first ? `${findingLines([first], source)[0]}.` : `${source} is not JSON.`, {
      hint: `presso workflow push ${word(source)} --dry-run`,
      exit: EXIT.no,
    });
  }
  const drawn = graphOf(value);
  if (json) {
    sayJson(drawn);
    return;
  }
  for (const text of DRAW[format](drawn))
    say(format === 'text' && isTerminal() ? cut(clean(text), width()) : clean(text));
}
