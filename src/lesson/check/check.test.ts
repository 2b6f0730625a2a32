import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { checkCourse, type Finding } from './index.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function check(files: Record<string, string | Buffer>): Finding[] {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-course-'));
  made.push(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  return checkCourse(path.join(dir, 'course'), {
    packagedChecks: path.join(root, 'checks'),
    packagedContent: path.join(root, 'content'),
    commands: [
      { name: 'verify', flags: { json: { value: false } } },
      { name: 'workflow push', flags: { yes: { value: false } } },
    ],
  }).findings;
}

const page = (text: string): string => `---\ntitle: A page\n---\n${text}`;
/** What is found in one page whose text begins in line 4. */
const found = (text: string): string[] =>
  check({ 'course/basics/01-a.md': page(text) }).map(
    ({ line, column, rule, message, suggestion }) => `${line}:${column} ${rule}: ${message} → ${suggestion}`,
  );

test('a good page has no findings', () => {
  expect(
    found(`## Start

{% callout type="tip" %}
{% if equals($target.kind, "sandbox") %}
Free, in {% $target.region %}. {% link href=$target.console.bus %}The bus{% /link %}, [here](#start), [there](https://example.com).
{% else /%}
Not free.
{% /if %}
{% /callout %}

\`\`\`json
{ "arn": "{% $target.workflowArn %}" }
\`\`\`

\`\`\`sh {% command=true expect="x" %}
presso verify --json | head -3
aws stepfunctions list-executions \\
  --state-machine-arn {% $target.workflowArn %} {% $target.cli %}
\`\`\`

\`\`\`json {% process=false fragment=true %}
"Condition": "{% $states.input.open %}"
\`\`\`

Write \`{% callout %}\` for a callout.
`),
  ).toEqual([]);
});

test.each<[string, string, RegExp]>([
  [
    'closed by a wrong name',
    '{% callout %}\nx\n{% /calout %}\n',
    /^6:1 tag-closed-wrong: .*line 4.* → write \{% \/callout %\}$/,
  ],
  ['not closed', 'x\n\n{% callout %}\nx\n', /^6:1 tag-not-closed/],
  ['not closed inside another', '{% tabs %}\n{% tab label="a" %}\nx\n{% /tabs %}\n', /^5:1 tag-not-closed: .*line 7/],
  ['not opened', 'x\n\n{% /tabs %}\n', /^6:1 tag-not-opened/],
  ['an unknown tag', '{% calout %}\nx\n{% /calout %}\n', /^4:1 tag-unknown: .* → did you mean \{% callout %\}/],
  [
    'an unknown tag within a text',
    'a {% lnk href="https://x.y" %}b{% /lnk %}\n',
    /^4:3 tag-unknown: .* → did you mean \{% link %\}/,
  ],
  ['an unknown attribute', '{% callout typ="tip" %}\nx\n{% /callout %}\n', /^4:12 attribute: .* → did you mean type=/],
  ['a wrong value', '{% callout type="warn" %}\nx\n{% /callout %}\n', /^4:12 attribute: .*note, tip, warning, cost/],
  ['a missing attribute', '{% hint %}\nx\n{% /hint %}\n', /^4:1 attribute: hint needs the attribute "title"/],
  ['something that is no tag', 'x\n\n{% callout type= %}\n', /^6:\d+ markdoc-syntax/],
  ['a tab alone', '{% tab label="a" %}\nx\n{% /tab %}\n', /^4:1 tag-placement: .*outside \{% tabs %\}/],
  ['an unknown variable', 'In {% $target.regoin %}.\n', /^4:7 variable: .* → did you mean \$target\.region/],
  [
    'an unknown variable in a code span',
    'In `{% $target.regoin %}`.\n',
    /^4:8 variable: .* → did you mean \$target\.region/,
  ],
  [
    'an unknown variable in a condition',
    '{% if equals($tarqet.kind, "x") %}\nx\n{% /if %}\n',
    /^4:14 variable: .* → did you mean \$target/,
  ],
  [
    'an unknown function',
    '{% if eqals($target.kind, "x") %}\nx\n{% /if %}\n',
    /^4:7 function: .* → did you mean equals/,
  ],
  ['a missing partial', '{% partial file="gone.md" /%}\n', /^4:\d+ partial: there is no partial "gone.md"/],
  ['a skipped heading', '## A\n\n#### B\n', /^6:1 heading-skip: .* → write ###/],
  ['a dead link', 'x [a](/basics/zz)\n', /^4:7 link: "\/basics\/zz"/],
  ['a dead anchor', '## Here\n\n[a](#hre)\n', /^6:5 anchor: .* → did you mean #here/],
  ['a missing picture', '![A cup of coffee](cup.png)\n', /^4:20 image-missing/],
  ['no alternative text', '![](https://example.com/a.png)\n', /^4:5 image-alt/],
  ['lorem ipsum', 'x lorem ipsum\n', /^4:3 placeholder/],
  ['a note to oneself', 'x TODO\n', /^4:3 placeholder/],
  ['a placeholder to be pasted', '`YOUR_STATE_MACHINE_ARN`\n', /^4:2 placeholder: .* → use a variable/],
  ['a broken letter', 'Un cafÃ©\n', /^4:7 encoding: .* → write "é"/],
  ['a broken quote', 'donâ€™t\n', /^4:4 encoding: .* → write "’"/],
  ['JSON with a comma too many', '```json\n{\n  "a": 1,\n}\n```\n', /^7:1 json: .*comma/],
  ['JSON that ends early', '```asl\n{ "a": [1, 2\n```\n', /^5:\d+ json: .*ends too early/],
  [
    'a state that is not there',
    '```json\n{ "StartAt": "A", "States": { "B": { "Type": "Pass", "End": true } } }\n```\n',
    /^5:14 json: StartAt leads to "A"/,
  ],
  ['YAML that does not parse', '```yaml\na: [1\nb: 2\n```\n', /^\d:\d+ yaml/],
  ['an unknown command of presso', '```sh\npresso verfy\n```\n', /^5:1 command: .* → did you mean presso verify/],
  ['an unknown flag', '```sh\npresso workflow push a.json --yess\n```\n', /^5:1 command: .* → did you mean --yes/],
  ['a prompt', '```sh\n$ presso verify\n```\n', /^5:1 command: a prompt/],
  ['a curly quote', '```sh\naws s3 ls “x”\n```\n', /^5:11 command: .*straight quotes/],
  ['an open quote', '```sh\necho "x\n```\n', /^5:1 command: .*never closed/],
  ['a command that is none', '```sh {% command=true %}\nThe shop is open\n```\n', /^5:1 command: "The"/],
  ['an operation that is none', '```sh\naws stepfunctions ListExecutions\n```\n', /^5:1 command: .*list-executions/],
  [
    'a checkpoint without a check',
    '{% checkpoint checks=["module-1a.opne"] /%}\n',
    /^4:\d+ checkpoint-without-check: .* → did you mean "module-1a.open"/,
  ],
  [
    'a definition that is not there',
    '{% definition source="module-1/solution" state="Is the shop opn?" /%}\n',
    /^4:1 definition: .* → did you mean "Is the shop open\?"/,
  ],
  ['a diagram that is not there', '{% diagram name="x" /%}\n', /^4:1 diagram/],
  ['a retired runtime', 'Runtime: `nodejs18.x`\n', /^4:11 retired-runtime: .* → use nodejs24\.x/],
  ['an old name', 'Open CloudWatch Events.\n', /^4:6 renamed-term: .* → say Amazon EventBridge/],
])('%s is found once, where it is', (_, text, expected) => {
  const all = found(text);
  expect(all.length, all.join('\n')).toBe(1);
  expect(all[0]).toMatch(expected);
});

test('speaking of what is retired as retired is no fault', () => {
  expect(found('The runtime `nodejs18.x` is retired.\n')).toEqual([]);
});

test('the order: modules, numbers and pages in none', () => {
  const text = (title: string): string =>
    `---\ntitle: ${title}\nminutes: 1\nsummary: About ${title}\n---\nText of ${title}.\n`;
  const findings = check({
    'course/course.yaml': 'title: T\nmodules: [{ name: one }, { name: three }]\n',
    'course/one/01-a.md': text('a'),
    'course/one/01-b.md': text('b'),
    'course/one/c.md': text('c'),
    'course/two/01-d.md': text('d'),
  });
  expect(findings.map(({ file, rule }) => `${file} ${rule}`)).toEqual([
    'course.yaml order',
    'one/01-b.md order',
    'one/c.md order',
    'two/01-d.md order',
  ]);
});

test('a module that is mistyped in course.yaml is said once, in its line', () => {
  const page = '---\ntitle: T\nminutes: 1\nsummary: S\n---\nText.\n';
  const findings = check({
    'course/course.yaml': 'title: T\nmodules:\n  - name: bsaics\n',
    'course/basics/01-a.md': page,
  });
  expect(findings.map(({ file, line, column, suggestion }) => `${file}:${line}:${column} ${suggestion}`)).toEqual([
    'course.yaml:3:11 did you mean basics?',
  ]);
});

test('pages that say the same, pictures that nobody shows, partials that go round', () => {
  const findings = check({
    'course/a/01-x.md': page('Quite the same text here.\n{% partial file="p.md" /%}\n'),
    'course/b/01-y.md': page('Quite the same text here.\n{% partial file="p.md" /%}\n'),
    'course/partials/p.md': '{% partial file="q.md" /%}\n',
    'course/partials/q.md': '{% partial file="p.md" /%}\n',
    'course/images/unused.png': 'x',
  });
  expect(findings.map(({ file, rule }) => `${file} ${rule}`)).toEqual([
    'b/01-y.md duplicate-page',
    'images/unused.png image-unused',
    'partials/p.md partial',
  ]);
});

test('checks beside a course each have their lesson and their checkpoint', () => {
  const one = (id: string, lesson: string): string =>
    `  - id: ${id}\n    title: T\n    kind: x\n    hints: [h]\n    lesson: ${lesson}\n`;
  const findings = check({
    'course/module-1/01-a.md': page('{% checkpoint checks=["module-1.fine"] /%}\n'),
    'checks/module-1/checks.yaml': `checks:\n${one('module-1.fine', 'module-1/a')}${one('module-1.lost', 'module-1/aa')}${one('module-1.unseen', 'module-1/a')}`,
  });
  expect(findings.map(({ file, line, rule }) => `${file}:${line} ${rule}`)).toEqual([
    '../checks/module-1/checks.yaml:11 check-without-lesson',
    'module-1/01-a.md:5 check-without-checkpoint',
  ]);
});

test('tags and variables of other tools are named in course.yaml', () => {
  const findings = check({
    'course/course.yaml': 'tags: [video]\nvariables: [edition]\nmodules: [{ name: a }]\n',
    'course/a/01-x.md':
      '---\ntitle: T\nminutes: 1\nsummary: S\n---\n{% video src="https://x.y" /%}\n\n{% $edition %}\n',
  });
  expect(findings).toEqual([]);
});

test('binary files, wrong encodings, 5 MB and a thousand nested tags are said, and nothing hangs', () => {
  const findings = check({
    'course/a/01-binary.md': Buffer.from([0, 1, 2, 3]),
    'course/a/02-latin.md': Buffer.from('# Caf\xe9\nx', 'latin1'),
    'course/a/03-big.md': 'word *a* \n\n'.repeat(500_000),
    'course/a/04-deep.md': `${'{% callout %}\n'.repeat(1_000)}x\n${'{% /callout %}\n'.repeat(1_000)}`,
    'course/a/05-inline.md': '{% callout %}'.repeat(1_000),
    'course/a/06-braces.md': '{%'.repeat(20_000),
    'course/a/07-quote.md': page(`${'> '.repeat(3_000)}x\n\n${'[`*'.repeat(2_000)}`),
  });
  expect(findings.map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`)).toEqual([
    'a/01-binary.md:1:1 not-text',
    'a/02-latin.md:1:6 encoding',
    'a/03-big.md:1:1 too-much',
    'a/04-deep.md:91:1 too-much',
    'a/05-inline.md:1:1 too-much',
    'a/06-braces.md:1:1 too-much',
  ]);
});

test('the course itself has no findings', () => {
  const { findings } = checkCourse(path.join(root, 'content'), {
    packagedChecks: path.join(root, 'checks'),
    packagedContent: path.join(root, 'content'),
    commands: [],
  });
  expect(findings).toEqual([]);
});
