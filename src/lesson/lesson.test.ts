import { beforeAll, expect, test } from 'vitest';
import stringWidth from 'string-width';
import { readDiagram } from './diagram/read.ts';
import { type LessonFacts, targetValues } from './facts.ts';
import { parsePage, readFrontMatter, tooMuch } from './parse.ts';
import { columns, loadWidths, withWidths } from './spans.ts';
import { toHtml } from './to-html.ts';
import { type TerminalOptions, toTerminal } from './to-terminal.ts';
import { toTree } from './to-tree.ts';
import type { LessonTree } from './tree.ts';

const facts = (place: { kind: string; region?: string; account?: string }): LessonFacts => ({
  target: targetValues({ ...place, endpoint: place.kind === 'sandbox' ? 'http://127.0.0.1:4580' : undefined }),
  check: (id) => ({ id, title: `Title of ${id}` }),
  mark: (id) => (id.endsWith('done') ? 'done' : id.endsWith('tried') ? 'partly' : 'open'),
  definition: ({ state }) => (state === 'gone' ? { problem: 'no such state' } : { value: '"A": { "Type": "Pass" }' }),
  diagram: () => {
    const read = readDiagram(DIAGRAM);
    if ('problem' in read) throw new Error(read.problem);
    return read;
  },
});

const DIAGRAM = `title: One order
alt: The app asks the validator, which tells the bus.
rows: [[app, validator, bus], [~, ~, workflow]]
boxes:
  app: { label: Order app, kind: app }
  validator: QR validator
  bus: { label: Event bus, kind: bus }
  workflow: { label: OrderProcessor, kind: yours }
arrows: [[app, validator, scans], [validator, bus], [bus, workflow, starts], [workflow, app, news]]
`;

function tree(text: string, place = { kind: 'sandbox' }): LessonTree {
  const source = `---\ntitle: A lesson\nminutes: 5\nsummary: What it is about.\n---\n${text}`;
  return toTree(parsePage(source, 'x.md'), { id: 'module-1/a', module: 'module-1' }, facts(place), {});
}

beforeAll(loadWidths);

const plainLooks: TerminalOptions = { width: 80, colour: false, theme: 'dark', links: false, plain: false };
const lines = (text: string, options: Partial<TerminalOptions> = {}, place = { kind: 'sandbox' }): string[] =>
  toTerminal(tree(text, place), { ...plainLooks, ...options }).lines;
const body = (text: string, options: Partial<TerminalOptions> = {}, place = { kind: 'sandbox' }): string =>
  lines(text, options, place).slice(5).join('\n');

const EVERYTHING = `
## A heading that is rather long for forty columns of text

Some **bold** and *slanted* text with \`code\`, a [link](https://example.com/a/very/long/address/indeed), 日本語の文章はどこでも折り返せます。 and 👩‍👩‍👧‍👦 emoji 🇩🇪.

- one
- two
  - inner ${'word '.repeat(30)}

| Table | What it holds | Key |
|---|---|---:|
| serverlesspresso-config-table | whether the shop is open and the menu of the day, row by row | PK |
| 表 | 値 | 1 |

{% callout type="warning" title="Mind" %}
${'Careful. '.repeat(20)}
{% /callout %}

{% steps %}
{% step title="First" %}
{% tabs %}
{% tab label="console" %}
Console text
{% /tab %}
{% tab label="cli" %}
\`\`\`sh {% command=true expect="x" %}
aws stepfunctions start-execution --state-machine-arn {% $target.workflowArn %} {% $target.cli %}
\`\`\`
{% /tab %}
{% tab label="presso" %}
presso text
{% /tab %}
{% /tabs %}
{% /step %}
{% step %}
\`\`\`json
{ "averyveryverylongkeythatdoesnotfit": "and a value that does not fit either, whatever one does", "n": [1, 2, 3] }
\`\`\`
{% /step %}
{% /steps %}

{% checkpoint checks=["m.done", "m.tried", "m.open"] /%}
{% hint title="Help" %}
The secret
{% /hint %}
{% diagram name="x" caption="A caption" /%}
{% figure src="a.png" alt="A display" /%}
{% quiz question="Which?" %}
{% answer text="This" right=true %}
Because.
{% /answer %}
{% answer text="That" %}
No.
{% /answer %}
{% /quiz %}
> quoted
`;

test.each([20, 24, 40, 80, 100, 250])(
  'nothing is wider than %i columns, with wide characters, tables and code',
  (width) => {
    for (const options of [{}, { colour: true, links: true }, { switchable: true, open: 'all' as const }])
      for (const line of lines(EVERYTHING, { ...options, width })) {
        // An escape sequence for a link is not seen.
        const seen = line.replace(/\u001b\]8;;[^\u001b]*\u001b\\/g, '');
        expect(stringWidth(seen), line).toBeLessThanOrEqual(width);
      }
  },
);

test('what takes one column is known without the tables of wide characters, and the rest is asked of them', async () => {
  // Every character that is taken to be narrow is as wide as the tables say.
  for (let code = 0x20; code < 0x2800; code++) {
    const letter = String.fromCharCode(code);
    if (/[\p{L}\p{P}\p{S}]/u.test(letter)) expect(columns(letter), `U+${code.toString(16)}`).toBe(stringWidth(letter));
  }
  expect(await withWidths(() => columns('表'))).toBe(2);
});

test('without colour there is not a single escape sequence', () => {
  expect(lines(EVERYTHING).join('\n')).not.toContain('\u001b');
  expect(lines(EVERYTHING, { plain: true, width: Number.POSITIVE_INFINITY }).join('\n')).not.toContain('\u001b');
});

test('plain mode says everything in words and in reading order', () => {
  const text = lines(EVERYTHING, { plain: true, width: Number.POSITIVE_INFINITY }).join('\n');
  expect(text).not.toMatch(/[─│┃▎╭╰═▶▸]/);
  const order = [
    'Heading: A heading',
    'Warning: Mind.',
    'Step 1 of 2: First.',
    'Way 1 of 2, AWS CLI:',
    'Commands:',
    'Step 2 of 2.',
    'Checkpoint:',
    'done: Title of m.done (m.done)',
    'partly done: Title of m.tried',
    'open: Title of m.open',
    'Hint: Help',
    'Diagram: One order.',
    'Picture: A display',
    'Question: Which?',
    'Quote:',
  ];
  let at = -1;
  for (const words of order) {
    const next = text.indexOf(words);
    expect(next, words).toBeGreaterThan(at);
    at = next;
  }
  expect(text).toContain('Row 1: Table: serverlesspresso-config-table; What it holds:');
});

test('values come from the target, and text differs by it', () => {
  const text = `{% if equals($target.kind, "sandbox") %}
Here it is free.
{% else /%}
Here it costs.
{% /if %}

Yours is {% $target.workflowArn %}. {% link href=$target.console.workflows %}Workflows{% /link %}
`;
  expect(body(text)).toContain('Here it is free.');
  expect(body(text)).not.toContain('costs');
  expect(body(text, { width: 200 })).toContain(
    'arn:aws:states:us-east-1:000000000000:stateMachine:OrderProcessorWorkflow. Workflows',
  );
  const own = body(text, { width: 300 }, {
    kind: 'self-hosted',
    region: 'eu-west-1',
    account: '123456789012',
  } as never);
  expect(own).toContain('Here it costs.');
  expect(own).toContain('arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessorWorkflow');
  expect(own).toContain('(https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/statemachines)');
});

test('values stand in code spans too, as nobody should paste a placeholder; comments are for authors', () => {
  // Markdoc leaves both as they are written: lessons once told learners to look for `{% $target.logGroup %}`.
  expect(
    body('In `x={% $target.region %}`<!-- why? {% callout %} -->. {% $target.region %}\n\n<!--\nTODO\n-->\n\nEnd.'),
  ).toBe('In `x=us-east-1`. us-east-1\n\nEnd.');
});

test('the console is left out where there is none, unless nothing else is there', () => {
  const tabs = (inner: string): string => `{% tabs %}\n${inner}\n{% /tabs %}\n`;
  const tab = (label: string): string => `{% tab label="${label}" %}\nby ${label}\n{% /tab %}`;
  expect(body(tabs(`${tab('console')}\n${tab('cli')}`))).not.toContain('by console');
  expect(body(tabs(tab('console')))).toContain('by console');
  expect(body(tabs(`${tab('console')}\n${tab('cli')}`), {}, { kind: 'self-hosted' })).toContain('by console');
  expect(body(tabs(`${tab('cli')}\n${tab('presso')}`), { way: 'presso' })).not.toContain('by cli');
});

test('a command that is too long is broken so that a shell still takes it as one', () => {
  const text = `\`\`\`sh {% command=true %}\naws stepfunctions start-execution --state-machine-arn {% $target.workflowArn %} --name x\n\`\`\``;
  const code = body(text, { width: 44 })
    .split('\n')
    .map((line) => line.replace(/^▎ ?/, ''));
  expect(code.length).toBeGreaterThan(2);
  const joined = code.join('\n').replace(/\\\n/g, '').replace(/\s+/g, ' ');
  expect(joined).toBe(
    'aws stepfunctions start-execution --state-machine-arn arn:aws:states:us-east-1:000000000000:stateMachine:OrderProcessorWorkflow --name x',
  );
});

test('JSON that is too long is broken between its values and still parses', () => {
  const value = { one: 'a text of some length', two: ['and', 'a', 'list'], three: { four: 4 } };
  const code = body(`\`\`\`json\n${JSON.stringify(value).replaceAll(',', ', ')}\n\`\`\``, { width: 40 });
  expect(JSON.parse(code.replace(/^▎ ?/gm, ''))).toEqual(value);
});

test('hints and answers stay closed until they are asked for', () => {
  expect(body(EVERYTHING)).not.toContain('The secret');
  expect(body(EVERYTHING, { open: new Set([0]) })).toContain('The secret');
  expect(body(EVERYTHING, { open: new Set([0]) })).not.toContain('Because.');
  expect(body(EVERYTHING, { open: 'all' })).toContain('Because.');
});

test('a diagram is drawn where it fits, and told where it does not', () => {
  const drawn = body('{% diagram name="x" /%}', { width: 70 });
  expect(drawn).toContain('──scans─▶');
  expect(drawn).toContain('║ OrderProcessor ║');
  expect(drawn).toContain('OrderProcessor → Order app: news');
  const told = body('{% diagram name="x" /%}', { width: 24 });
  expect(told).toContain('Diagram: One order.');
  expect(told).not.toContain('║');
});

test('what cannot be filled in is said in its place', () => {
  expect(body('{% definition source="module-1/solution" state="gone" /%}')).toBe('[missing: no such state]');
});

test('no text of a lesson reaches the terminal or the page as anything but text', () => {
  const evil =
    'a\u001b]0;title\u0007b <script>alert(1)</script> [x](javascript:alert(1)) ![" onerror="x](a.png)\n\n```html\n</code><script>\n```\n';
  expect(lines(evil).join('\n')).not.toContain('\u001b');
  const html = toHtml(tree(evil), { lesson: (href) => `/${href}`, picture: (src) => `/files/${src}` });
  expect(html).not.toMatch(/<script|href="javascript|" onerror="/);
  expect(html).toContain('&#60;script&#62;');
});

test('every kind of block has its HTML', () => {
  const html = toHtml(tree(EVERYTHING), { lesson: (href) => `/${href}`, picture: (src) => `/files/${src}` });
  for (const part of [
    '<h2 id="a-heading-that-is-rather-long-for-forty-columns-of-text">',
    '<table>',
    '<aside class="callout warning">',
    'data-way="cli"',
    '<ol class="steps">',
    'data-checks="m.done m.tried m.open"',
    '<details class="hint">',
    '<svg',
    '<img src="/files/a.png" alt="A display"',
    '<section class="quiz">',
    '<blockquote>',
  ])
    expect(html).toContain(part);
});

test('what Markdoc would never finish is refused before it is tried', () => {
  expect(tooMuch('{% a %}'.repeat(101))?.message).toContain('deep');
  expect(tooMuch('{% a %}\n'.repeat(1000))?.line).toBe(91);
  expect(tooMuch('{%'.repeat(5000))?.message).toContain('2000');
  expect(tooMuch('x'.repeat(300_000))?.message).toContain('300000');
  expect(tooMuch('`{% a %}` '.repeat(200))).toBeUndefined();
});

test('front matter reads the same with and without the parser of YAML', () => {
  const read = (text: string) => readFrontMatter(`---\n${text}\n---\nbody`).frontMatter;
  expect(read('title: Is it open?\nminutes: 10\nsummary: One, two')).toEqual({
    title: 'Is it open?',
    minutes: 10,
    summary: 'One, two',
  });
  expect(read('title: "A: b"\nfor: [sandbox]')).toEqual({ title: 'A: b', for: ['sandbox'] });
  expect(read('title: yes it is # not this')).toEqual({ title: 'yes it is' });
  expect(read('draft: true\nminutes: 0x10')).toEqual({ draft: true, minutes: 16 });
  expect(readFrontMatter('---\ntitle: [a\n---\n').frontMatterProblem?.line).toBeGreaterThan(1);
  expect(readFrontMatter('no front matter\n---\nx: 1\n---').frontMatter).toEqual({});
});

test.each([
  [
    'title: x\nalt: y\nrows: [[a]]\nboxes: { a: { label: A, kind: bux } }',
    /"bux" is not a kind of box; did you mean bus/,
  ],
  ['title: x\nalt: y\nrows: [[b]]\nboxes: { bb: B }', /there is no box "b"/],
  ['title: x\nalt: y\nrows: [[a]]\nboxes: { a: A, c: C }', /"c" stands in no row/],
  ['title: x\nrows: [[a]]\nboxes: { a: A }', /needs alt/],
  ['title: [', /not YAML/],
])('a diagram that is wrong says what: %s', (text, problem) => {
  const read = readDiagram(text);
  expect('problem' in read && read.problem).toMatch(problem);
});
