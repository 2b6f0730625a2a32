/** What the events commands do, beyond their flags. */
import { whoAmI } from '../aws/account.ts';
import type { Connection } from '../aws/connection.ts';
import { busExists, listRules, putEvent } from '../aws/events.ts';
import { withoutTokens } from '../aws/logs.ts';
import { EXIT, PressoError } from '../errors.ts';
import { draftEvent, followLog, judgeRules, loggingRules, meantType } from '../events/index.ts';
import { draftLines, eventLine, verdictLines } from '../report/events.ts';
import { clockAhead } from '../sandbox/index.ts';
import { confirm, isTerminal, onInterrupt, paint, say, sayJson, tell, width } from '../terminal.ts';
import { line } from '../text.ts';
import { BUS_NAME, LOG_GROUP } from '../workshop.ts';
import { realTime } from './order.ts';
import { parseSpan } from './sandbox.ts';

export interface TailWish {
  since?: string | undefined;
  types: string[];
  follow: boolean;
  json: boolean;
  /** Its clock may have been moved, and what was logged goes by it. */
  sandbox: boolean;
}

export async function tail(connection: Connection, wish: TailWish): Promise<void> {
  const { since, types, follow, json } = wish;
  const back = since === undefined ? undefined : span(since);
  const now = Date.now() + (wish.sandbox ? await clockAhead(connection.endpoint ?? '') : 0);
  await refuseMissing(connection, BUS_NAME);
  const logging = loggingRules(await listRules(connection, BUS_NAME));
  if (logging.length === 0)
    throw new PressoError('nothing-logs', `No rule on the bus ${BUS_NAME} writes its events into ${LOG_GROUP}.`, {
      hint: 'presso solve module-2   (or make the rule logAll by hand: presso lesson module-2)',
    });
  for (const type of types) {
    const meant = meantType(type);
    if (meant) tell(`! "${line(type)}" is no event of the workshop; did you mean ${meant}?`);
  }
  const stop = new AbortController();
  const ended = onInterrupt(() => stop.abort());
  if (follow)
    tell(
      paint().dim(
        `  following ${LOG_GROUP} (rule ${logging.map(({ name }) => line(name)).join(', ')}); Ctrl-C ends it`,
      ),
    );
  try {
    const options = follow
      ? { once: false, ...(back === undefined ? {} : { since: now - back }) }
      : { once: true, since: now - (back ?? 600_000) };
    for await (const event of followLog(connection, options, realTime, stop.signal)) {
      if (types.length > 0 && !types.includes(event.detailType)) continue;
      // One document a line, so that a reader of the pipe can go along.
      if (json) say(JSON.stringify({ ...event, at: new Date(event.at).toISOString() }));
      else say(eventLine(event, isTerminal() ? width() : 200));
    }
  } finally {
    ended();
  }
  if (stop.signal.aborted) throw new PressoError('quiet', 'Stopped.', { hint: '', exit: EXIT.interrupted });
}

function span(text: string): number {
  try {
    return parseSpan(text);
  } catch (error) {
    if (error instanceof PressoError)
      throw new PressoError(error.code, error.message, { hint: 'presso events tail --since 10m' });
    throw error;
  }
}

async function refuseMissing(connection: Connection, bus: string): Promise<void> {
  if (!(await busExists(connection, bus)))
    throw new PressoError('no-bus', `There is no bus ${line(bus)} here.`, { hint: 'presso setup' });
}

export interface SendWish {
  detailType: string;
  detail?: string | undefined;
  source: string;
  bus: string;
  dryRun: boolean;
  explain: boolean;
  yes: boolean;
  json: boolean;
  /** What to type to do it, without the words that confirm it. */
  command: string;
}

export async function send(connection: Connection, wish: SendWish): Promise<void> {
  const { bus, detailType, source, json } = wish;
  // What cannot be sent is refused before anybody is asked anything.
  draftEvent(wish, { account: '', region: '' }, 0);
  await refuseMissing(connection, bus);
  const [{ account }, rules] = await Promise.all([whoAmI(connection), listRules(connection, bus)]);
  const event = draftEvent(wish, { account, region: connection.region }, Date.now());
  const verdicts = judgeRules(rules, event);
  if (!json) {
    for (const text of draftLines(event)) say(text);
    const meant = meantType(detailType);
    if (meant) say(`! "${line(detailType)}" is no event of the workshop; did you mean ${meant}?`);
    for (const text of verdictLines(verdicts, wish.explain)) say(text);
  }
  if (wish.dryRun) {
    if (json) sayJson({ event: withoutTokens(event), rules: verdicts, sent: false });
    else say('Nothing was sent.');
    return;
  }
  if ((await confirm(`Send it to the bus ${bus}?`, { yes: wish.yes, command: wish.command })) === 'no') {
    say('Nothing was sent.');
    return;
  }
  const id = await putEvent(connection, { bus, source, detailType, detail: JSON.stringify(event['detail']) });
  if (json) sayJson({ event: { ...(withoutTokens(event) as object), id }, rules: verdicts, sent: true });
  else
    say(
      `${paint().green('✓')} Sent to ${line(bus)} as ${id}.\n  ${paint().dim('Next:')} presso events tail --since 1m`,
    );
}
