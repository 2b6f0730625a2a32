/** Courses that presso has never seen, laid out by other tools: what is right raises no alarm, what is wrong is found once, where it is. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { checkCourse } from './index.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function folder(files: Record<string, string | Buffer>): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'presso-unseen-'));
  made.push(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

const look = (dir: string): string[] =>
  checkCourse(dir, {
    packagedChecks: path.join(root, 'checks'),
    packagedContent: path.join(root, 'content'),
    commands: [],
  }).findings.map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`);
const found = (files: Record<string, string | Buffer>, below = ''): string[] => look(path.join(folder(files), below));
const page = (text: string): string => `---\ntitle: A page\n---\n${text}\n`;

test('the documents of a Markdoc site, with tags, functions and variables of its own', () => {
  expect(
    found({
      'index.md': `---
title: "Welcome: the start"
---

# {% $markdoc.frontmatter.title %}

{% callout type="check" title="Hi" %}
Body with {% highlight color="red" %}words{% /highlight %}.
{% /callout %}

{% callout type="info" %}
Other {% highlight color="blue" %}words{% /highlight %}. See [the syntax](/docs/syntax#set-up--go) and [this](#mine).
{% /callout %}

## Set up {% #mine %}

{% tabs %}
{% tab title="npm" %}
\`\`\`console
$ npm install it
added 1 package
\`\`\`
{% /tab %}
{% tab title="npx" %}
\`\`\`bash
npx @its/tool # it's fine
\`\`\`
{% /tab %}
{% /tabs %}

{% if includes($countries, "US") %}
Hello {% $user.name %}
{% else includes($countries, "FR") /%}
Bonjour {% $user.name %}
{% /if %}

{% partial file="footer.md" variables={year: 2026} /%}

<!-- TODO: for authors {% callout %} -->
`,
      'pages/docs/syntax.md': page(`## Set up & go

{% example %}
\`\`\`markdoc
Here is a {% $variable %} and {% if $x %}
\`\`\`
{% /example %}

\`\`\`js
/** a glob: **/*.js */ call(x[a][b] (y))
\`\`\`

{% example %}
A TODO app, provided by us.
{% /example %}

\`\`\`json
{"a": 1}
{"a": 2}
\`\`\`

\`\`\`json
{ "count": {% $user.count %}, "name": "{% $user.name %}" }
\`\`\``),
      'markdoc/partials/footer.md': 'Copyright {% $year %}\n',
      'public/favicon.png': 'x',
    }),
  ).toEqual([]);
});

test('a workshop of AWS: languages in the names, pictures beside the pages, directives; and one of Hugo', () => {
  expect(
    found(
      {
        'content/index.en.md':
          '---\ntitle : "Welcome"\nweight : 0\n---\n\n::alert[This costs money]{type="warning"}\n\n![Architecture of it](/static/images/a.png)\n\n[Setup](/10-setup), [account](/10-setup/11-account#create-an-account)\n',
        'content/10-setup/index.en.md': '---\ntitle: "Setup"\nweight: 10\n---\n\n[Account](11-account)\n',
        'content/10-setup/index.ja.md': '---\ntitle: "Setup"\nweight: 10\n---\n\n準備します。\n',
        'content/10-setup/11-account.en.md':
          '---\ntitle: "Account"\nweight: 11\n---\n\n## Create an account\n\n1. Do\n\n   ```bash\n   export X=$(aws sts get-caller-identity)\n   aws $SERVICE list-things\n   ```\n',
        'static/images/a.png': 'x',
      },
      'content',
    ),
  ).toEqual([]);
  expect(
    found({
      '_index.md':
        '+++\ntitle = "Hugo"\n+++\n\n{{% notice note %}}\nText [x]({{< ref "a.md" >}}).\n{{% /notice %}}\n\n[y](#box)\n\n## Box {#box}\n',
      'a.md': '+++\ntitle = "A"\n+++\n\n{{< tabs >}}{{% tab %}}x{{% /tab %}}{{< /tabs >}}\n',
    }),
  ).toEqual([]);
});

test('a course of READMEs, with files beside it and links to files that lie elsewhere', () => {
  expect(
    found(
      {
        'course/README.md':
          '# Course\n\n[one](one/README.md#two) [one](one/) ![A cup, seen from above](one/cup.png?raw=true)\n',
        'course/one/README.md': '# One\n\n## Two\n\n[up](../README.md) [licence](../../LICENSE) [code](./x.ts)\n',
        'course/one/cup.png': 'x',
        'course/one/x.ts': 'x',
        LICENSE: 'x',
      },
      'course',
    ),
  ).toEqual([]);
});

test.each<[string, string, string[]]>([
  [
    'a slip beside a tag of the site',
    '{% note %}\na\n{% /note %}\n\n{% note %}\nb\n{% /note %}\n\n{% noet %}\nc\n{% /noet %}',
    ['12:1 tag-unknown'],
  ],
  ['an unknown tag in a course that has no others', '{% blinking %}\na\n{% /blinking %}', ['4:1 tag-unknown']],
  ['a wrong type', '{% checkpoint checks="module-1a.open" /%}', ['4:15 attribute']],
  ['a quote that is not closed', '{% callout type="note %}\nx\n{% /callout %}', ['4:1 markdoc-syntax']],
  ['a block of code that is not closed', '{% callout %}\n```js\nx\n{% /callout %}\n\ntext', ['5:1 code-not-closed']],
  ['a comment that is not closed', 'x <!-- y\n\nz', ['4:3 comment-not-closed']],
  [
    'a tab that is not closed',
    '{% tabs %}\n{% tab label="x" %}\na\n\n{% tab label="y" %}\nb\n{% /tab %}\n{% /tabs %}',
    ['5:1 tag-not-closed'],
  ],
  [
    'a closing name that is wrong, over several lines and in a list',
    '* a\n\n  {% callout\n     title="x" %}\n  x\n  {% /callot %}\n\nb',
    ['9:3 tag-closed-wrong'],
  ],
  [
    'a tab that was never opened',
    '{% tabs %}\n{% tab label="x" %}\na\n{% /tab %}\nb\n{% /tab %}\n{% /tabs %}',
    ['9:1 tag-not-opened'],
  ],
  [
    'an opening name that is wrong',
    '{% calout %}\n{% tabs %}\n{% tab label="x" %}\na\n{% /tab %}\n{% /tabs %}\n{% /callout %}',
    ['4:1 tag-unknown'],
  ],
  ['a function within another', '{% if not(equal($target.kind, "x")) %}\nx\n{% /if %}', ['4:11 function']],
  [
    'a check named twice',
    '{% checkpoint checks=["module-1a.open", "module-1a.open"] /%}',
    ['4:1 checkpoint-without-check'],
  ],
  [
    'stars without a partner, and a blank in a link',
    'a **b and 2 ** 3, [c] (/basics/a)',
    ['4:3 emphasis', '4:21 link'],
  ],
  ['the same dead link twice', '[a](gone.md) and [b](gone.md), and [](  )', ['4:5 link', '4:22 link', '4:39 link']],
  ['a reference without an address', '[a][nope], list[0][1]', ['4:1 link']],
  ['a repeated heading, counted too far', '## A\n\n## A\n\n[x](#a-1) [y](#a-2)', ['8:15 anchor']],
  ['an address without its scheme', '[x](www.example.com)', ['4:5 link']],
  ['a picture in HTML', '<img src="gone.png" alt="A cup on a table"> `<img>`', ['4:11 image-missing']],
  ['a partial from elsewhere', '{% partial file="/etc/passwd" /%}', ['4:18 partial']],
  ['a runtime at the end of a sentence', 'It runs on nodejs16.x.', ['4:12 retired-runtime']],
  ['letters broken in one line', 'grÃ¼n, cafÃ© and SÃO PAULO', ['4:3 encoding']],
])('%s', (_, text, expected) => {
  expect(found({ 'basics/a.md': page(text) })).toEqual(expected.map((one) => `basics/a.md:${one}`));
});

test.each<[string, string | Buffer, string[]]>([
  ['front matter that comes late', '\n---\ntitle: A\n---\nx\n', ['2:1 front-matter']],
  ['front matter that is not closed', '---\ntitle: A\ntext\n', ['1:1 front-matter']],
  ['a colon in a title', '---\ntitle: A: b\n---\nx\n', ['2:8 front-matter']],
  ['a title twice', '---\ntitle: A\ntitle: B\n---\nx\n', ['3:1 front-matter']],
  [
    'a title that is a number, line ends of Windows, a mark at the start',
    '\ufeff---\r\ntitle: 2026\r\n---\r\n\r\n[a](#nope)\r\n',
    ['5:5 anchor'],
  ],
  ['line ends of old Macs', '---\rtitle: A\r---\r\r{% callout %}\rx\r', ['5:1 tag-not-closed']],
  ['an empty page', '', ['1:1 empty-page']],
  ['UTF-16 with a mark', Buffer.from('\ufeff---\ntitle: A\n---\ncafé\n', 'utf16le'), ['1:1 encoding']],
  ['UTF-16 without one', Buffer.from('---\ntitle: A\n---\ncafé\n', 'utf16le'), ['1:1 encoding']],
  [
    'Latin-1, behind a letter of two bytes',
    Buffer.concat([Buffer.from(page('ü')), Buffer.from('caf\xe9', 'latin1')]),
    ['5:4 encoding'],
  ],
])('%s', (_, bytes, expected) => {
  expect(found({ 'a.md': bytes })).toEqual(expected.map((one) => `a.md:${one}`));
});

test('a circle of partials is one fault, links that lead round end, and a course may be a link itself', () => {
  const dir = folder({
    'a/x.md': page('{% partial file="p.md" /%}\n\n[y](/b/y)'),
    'partials/p.md': '{% partial file="q.md" /%}\n',
    'partials/q.md': '{% partial file="r.md" /%}\n',
    'partials/r.md': '{% partial file="p.md" /%}\n',
    'elsewhere/y.md': page('Why.'),
  });
  symlinkSync('..', path.join(dir, 'a', 'loop'));
  symlinkSync('elsewhere', path.join(dir, 'b'));
  symlinkSync('gone.md', path.join(dir, 'a', 'broken.md'));
  symlinkSync(dir, path.join(dir, 'self'));
  expect(look(path.join(dir, 'self'))).toEqual(['a/broken.md:1:1 unreadable', 'partials/p.md:1:1 partial']);
});

test('one very long word, and lists five hundred deep, take no longer than others', () => {
  const start = performance.now();
  const said = found({
    'a.md': page('x'.repeat(250_000)),
    'b.md': page(Array.from({ length: 300 }, (_, at) => `${'  '.repeat(at)}- x`).join('\n')),
  });
  expect(said).toEqual([]);
  expect(performance.now() - start).toBeLessThan(10_000);
});
