/** A fleet in words, as table, JSON, CSV and one HTML page. Pure. */
import type { Outcome, Result } from '../fleet/index.ts';
import { count, duration, line } from '../text.ts';
import { MODULES } from '../workshop.ts';

export const MARKS: Record<Outcome, string> = {
  done: '✓',
  failed: '✗',
  refused: '-',
  unknown: '!',
  'timed out': '!',
  stopped: '○',
};
/** Said of an operation that was only planned. */
export const PLANNED = '(nothing was done)';
const ORDER: Outcome[] = ['failed', 'timed out', 'unknown', 'refused', 'stopped', 'done'];

/** Trouble first, then by the roster's own order. */
export const byTrouble = (results: Result[]): Result[] =>
  [...results].sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));

/** `158 done · 1 failed · 1 refused` */
export function totals(results: Result[], running = 0, waiting = 0, operation = ''): string {
  const parts = ORDER.toReversed().flatMap((outcome) => {
    const n = results.filter((result) => result.outcome === outcome).length;
    return n === 0 ? [] : [`${n} ${outcomeWord(operation, outcome)}`];
  });
  if (running > 0) parts.push(`${running} running`);
  if (waiting > 0) parts.push(`${waiting} waiting`);
  return parts.join(' · ');
}

export const resultLine = ({ outcome, account, name, summary }: Result): string =>
  `${MARKS[outcome]} ${account}  ${line(name)}${outcome === 'done' || outcome === 'failed' ? '' : ` (${outcome})`}: ${line(summary)}`;

/** Rows of a table: trouble first; what went wrong stands under its account. */
export function tableLines(results: Result[], paint: (outcome: Outcome, text: string) => string): string[] {
  const widest = Math.min(28, Math.max(4, ...results.map(({ name }) => line(name).length)));
  return byTrouble(results).flatMap((result) => {
    const { outcome, account, name, group, summary, trouble, started, ended } = result;
    const who = `${account}  ${line(name).slice(0, widest).padEnd(widest)}  ${group ? `${line(group)}  ` : ''}`;
    const took = ended > started ? `  ${duration(ended - started)}` : '';
    const word = outcome === 'done' || outcome === 'failed' ? '' : `${outcome}: `;
    return [
      `${paint(outcome, MARKS[outcome])} ${who}${word}${line(summary)}${took}`,
      ...trouble.slice(0, 5).map((text) => `      ${line(text)}`),
      ...(trouble.length > 5 ? [`      … and ${trouble.length - 5} more`] : []),
    ];
  });
}

export interface ModulesDetail {
  modules: { module: string; passed: number; total: number; error: number; open: { id: string; title: string }[] }[];
}
const modulesOf = ({ detail }: Result): ModulesDetail['modules'] =>
  (detail as ModulesDetail | undefined)?.modules ?? [];

/** Which checks stop how many people: most first. */
export function stoppers(results: Result[]): { id: string; title: string; people: string[] }[] {
  const found = new Map<string, { id: string; title: string; people: string[] }>();
  for (const result of results) {
    // Where somebody stands is the first module that is not done; what comes after it has not been tried.
    const at = modulesOf(result).find(({ passed, total }) => passed < total);
    for (const { id, title } of at?.open ?? []) {
      const entry = found.get(id) ?? { id, title, people: [] };
      entry.people.push(result.name);
      found.set(id, entry);
    }
  }
  return [...found.values()].sort((a, b) => b.people.length - a.people.length || a.id.localeCompare(b.id));
}

/** In which module each person is: `module-2`, or `done`. */
export function whereabouts(results: Result[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const result of results) {
    const modules = modulesOf(result);
    if (modules.length === 0) continue;
    const at = modules.find(({ passed, total }) => passed < total)?.module ?? 'done';
    found.set(at, [...(found.get(at) ?? []), result.name]);
  }
  const place = (at: string): number =>
    at === 'done' ? MODULES.length : MODULES.findIndex((one) => at.startsWith(one));
  return new Map([...found].sort(([a], [b]) => place(a) - place(b)));
}

export function courseLines(results: Result[]): string[] {
  const where = [...whereabouts(results)].map(
    ([module, people]) => `  ${module.padEnd(10)} ${count(people.length, 'person', 'people')}`,
  );
  const stops = stoppers(results)
    .slice(0, 5)
    .map(({ id, title, people }) => `  ${String(people.length).padStart(4)}  ${id}  ${line(title)}`);
  return [
    ...(where.length > 0 ? ['', 'Where they are:', ...where] : []),
    ...(stops.length > 0 ? ['', 'What stops most of them:', ...stops] : []),
  ];
}

export interface FleetDocument {
  fleet: string;
  operation: string;
  totals: Record<string, number>;
  accounts: Result[];
  /** Members of a unit that are no attendees', and why. */
  leftOut?: { account: string; name: string; why: string }[];
}

export const fleetDocument = (
  fleet: string,
  operation: string,
  results: Result[],
  leftOut?: FleetDocument['leftOut'],
): FleetDocument => ({
  fleet,
  operation,
  totals: Object.fromEntries(
    ORDER.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length]),
  ),
  accounts: results,
  ...(leftOut && leftOut.length > 0 ? { leftOut } : {}),
});

/** RFC 4180; a cell that a spreadsheet would run as a formula is told apart by an apostrophe. */
export function toCsv(results: Result[]): string {
  const modules = [...new Set(results.flatMap((result) => modulesOf(result).map(({ module }) => module)))];
  const cell = (value: string): string => {
    const text = line(value);
    const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
    return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const head = ['account', 'name', 'group', 'region', 'outcome', 'summary', ...modules, 'trouble'];
  const rows = results.map((result) => {
    const own = new Map(modulesOf(result).map(({ module, passed, total }) => [module, `${passed} of ${total}`]));
    return [
      result.account,
      result.name,
      result.group ?? '',
      result.region,
      result.outcome,
      result.summary,
      ...modules.map((module) => own.get(module) ?? ''),
      result.trouble.join(' | '),
    ];
  });
  return `${[head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

const escapeHtml = (text: string): string =>
  line(text).replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c] ?? c,
  );

export interface PageOptions {
  /** ISO 8601 */
  when: string;
  /** Said beside the figures, such as how many are still to be looked at. */
  note?: string;
  /** How long somebody has stood where they are, in words. */
  since?: (account: string) => string;
}

/** What stands in the page: who is where, what stops whom, every account. Every word of others is escaped. */
export function toHtmlMain(fleet: string, operation: string, results: Result[], options: PageOptions): string {
  const { when, note, since } = options;
  const modules = [...new Set(results.flatMap((result) => modulesOf(result).map(({ module }) => module)))];
  const bars = [...whereabouts(results)]
    .map(([module, people]) => {
      const share = Math.round((100 * people.length) / Math.max(1, results.length));
      return `<tr><th scope="row">${escapeHtml(module)}</th><td><span class="bar" style="width:calc((100% - 4rem) * ${share / 100})"></span> ${people.length}</td></tr>`;
    })
    .join('\n');
  const stops = stoppers(results)
    .slice(0, 10)
    .map(
      ({ id, title, people }) =>
        `<tr><td>${people.length}</td><td>${escapeHtml(title)}<br><code>${escapeHtml(id)}</code></td><td>${escapeHtml(people.slice(0, 12).join(', '))}${people.length > 12 ? ` and ${people.length - 12} more` : ''}</td></tr>`,
    )
    .join('\n');
  const grouped = results.some(({ group }) => group !== undefined);
  const rows = byTrouble(results)
    .map((result) => {
      const own = new Map(modulesOf(result).map((module) => [module.module, module]));
      const cells = modules
        .map((name) => {
          const module = own.get(name);
          if (!module) return '<td></td>';
          return `<td class="short ${module.passed === module.total ? 'all' : module.passed > 0 ? 'some' : 'none'}">${module.passed} of ${module.total}</td>`;
        })
        .join('');
      const trouble = result.trouble.map((text) => `<br><small>${escapeHtml(text)}</small>`).join('');
      const stood = since ? `<td class="short">${escapeHtml(since(result.account))}</td>` : '';
      const word = outcomeWord(operation, result.outcome);
      const mark = word === 'on the way' ? '→' : MARKS[result.outcome];
      const group = grouped ? `<td>${escapeHtml(result.group ?? '')}</td>` : '';
      return `<tr class="${result.outcome.replace(' ', '-')}"><td class="short">${mark} ${word}</td><td>${escapeHtml(result.name)}<br><code>${escapeHtml(result.account)}</code></td>${group}${cells}${stood}<td>${escapeHtml(whatNow(result))}${trouble}</td></tr>`;
    })
    .join('\n');
  return `<h1>${pageTitle(fleet, operation)}</h1>
<p>${escapeHtml(when)} · ${count(results.length, 'account')}${results.length > 0 ? ` · ${escapeHtml(totals(results, 0, 0, operation))}` : ''}${note ? ` · ${escapeHtml(note)}` : ''}</p>
${bars ? `<h2>Where they are</h2>\n<table class="bars">\n${bars}\n</table>` : ''}
${stops ? `<h2>What to explain again</h2>\n<table>\n<tr><th scope="col">People</th><th scope="col">Check</th><th scope="col">Who</th></tr>\n${stops}\n</table>` : ''}
<h2>Every account</h2>
<div class="wide"><table>
<tr><th scope="col">Outcome</th><th scope="col">Who</th>${grouped ? '<th scope="col">Group</th>' : ''}${modules.map((module) => `<th scope="col">${escapeHtml(module)}</th>`).join('')}${since ? '<th scope="col">Since</th>' : ''}<th scope="col">${modules.length > 0 ? 'Stopped by' : 'What'}</th></tr>
${rows}
</table></div>`;
}

/** What the figures beside it do not say: the check that stops somebody, else what was done. */
function whatNow(result: Result): string {
  const modules = modulesOf(result);
  if (modules.length === 0) return result.summary;
  const [first] = modules.find(({ passed, total }) => passed < total)?.open ?? [];
  return first?.title ?? '';
}

/** Who has not passed everything yet has not failed: they are learning. */
function outcomeWord(operation: string, outcome: Outcome): string {
  if (outcome === 'failed' && /^(verify|watch)$/.test(operation)) return 'on the way';
  return outcome === 'done' && operation.includes(PLANNED) ? 'ready' : outcome;
}

const pageTitle = (fleet: string, operation: string): string => `${escapeHtml(fleet)}: ${escapeHtml(operation)}`;

/** One page that needs nothing else. `script` is the address of one of its own server's, for a page that stays fresh. */
export function toHtml(
  fleet: string,
  operation: string,
  results: Result[],
  options: PageOptions & { script?: string },
): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'${options.script ? "; script-src 'self'; connect-src 'self'" : ''}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${pageTitle(fleet, operation)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #8884; }
.wide { overflow-x: auto; }
.short, .wide th, .bars td { white-space: nowrap; }
.bars th { width: 1%; white-space: nowrap; }
.bar { display: inline-block; height: .8em; min-width: 2px; background: #6f4e37; }
.all { background: #3a83; } .some { background: #da33; } .none { background: #c333; }
code, small { font-size: .85em; }
#state { position: sticky; top: 0; margin: 0; padding: .4rem .6rem; background: Canvas; border-bottom: 1px solid #8884; }
#state.lost { background: #c33; color: #fff; }
</style>
${options.script ? `<script src="${escapeHtml(options.script)}" defer></script>\n` : ''}</head>
<body>
${options.script ? '<p id="state" role="status">Waiting for news …</p>\n<noscript><p>This page stays as it is without JavaScript; reload it by hand.</p></noscript>\n' : ''}<main>
${toHtmlMain(fleet, operation, results, options)}
</main>
</body>
</html>
`;
}
