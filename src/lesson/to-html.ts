/** A lesson as HTML: every text escaped, no address but of the web, mail and the course. One stylesheet dresses it. Pure. */
import { toSvg } from './diagram/to-svg.ts';
import { highlight } from './highlight.ts';
import type { Block, CodeBlock, Inline, LessonTree, Mark } from './tree.ts';

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`).replace(/\u0000/g, '');

export interface HtmlOptions {
  /** Address of another lesson, by its id and anchor. */
  lesson: (href: string) => string;
  /** Address of a picture of the course. */
  picture: (src: string) => string;
}

const SIGNS: Record<Mark, string> = { done: '✓', partly: '◐', open: '○' };
const WORDS: Record<Mark, string> = { done: 'done', partly: 'partly done', open: 'open' };

/** The lesson as an `article`. */
export function toHtml(lesson: LessonTree, options: HtmlOptions): string {
  const about = [lesson.id, lesson.minutes > 0 ? `${lesson.minutes} min` : ''].filter(Boolean).join(' · ');
  return `<article class="lesson"><header><h1>${escapeHtml(lesson.title)}</h1><p class="about">${escapeHtml(about)}</p>${
    lesson.summary === '' ? '' : `<p class="summary">${escapeHtml(lesson.summary)}</p>`
  }</header>${blocks(lesson.blocks, options)}</article>`;
}

const blocks = (all: readonly Block[], options: HtmlOptions): string =>
  all.map((block) => one(block, options)).join('\n');

function one(block: Block, options: HtmlOptions): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level} id="${escapeHtml(block.id)}">${inlines(block.children, options)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${inlines(block.children, options)}</p>`;
    case 'list': {
      const name = block.ordered ? 'ol' : 'ul';
      const start = block.ordered && block.start !== 1 ? ` start="${Math.trunc(block.start)}"` : '';
      return `<${name}${start}>${block.items.map((item) => `<li>${tight(item, options)}</li>`).join('')}</${name}>`;
    }
    case 'code':
      return code(block);
    case 'quote':
      return `<blockquote>${blocks(block.children, options)}</blockquote>`;
    case 'table': {
      const align = (column: number): string =>
        block.align[column] && block.align[column] !== 'left' ? ` class="${block.align[column]}"` : '';
      const head = block.head
        .map((cell, column) => `<th scope="col"${align(column)}>${inlines(cell, options)}</th>`)
        .join('');
      const rows = block.rows
        .map(
          (row) => `<tr>${row.map((cell, column) => `<td${align(column)}>${tight(cell, options)}</td>`).join('')}</tr>`,
        )
        .join('');
      return `<div class="table"><table>${head === '' ? '' : `<thead><tr>${head}</tr></thead>`}<tbody>${rows}</tbody></table></div>`;
    }
    case 'rule':
      return '<hr>';
    case 'callout': {
      const word = { note: 'Note', tip: 'Tip', warning: 'Warning', cost: 'Cost' }[block.tone];
      return `<aside class="callout ${block.tone}"><p class="callout-title">${word}${
        block.title === undefined ? '' : `: ${escapeHtml(block.title)}`
      }</p>${blocks(block.children, options)}</aside>`;
    }
    case 'tabs':
      return `<div class="tabs">${block.tabs
        .map(
          ({ way, label, children }, index) =>
            `<details data-way="${escapeHtml(way)}"${index === 0 ? ' open' : ''}><summary>${escapeHtml(label)}</summary>${blocks(children, options)}</details>`,
        )
        .join('')}</div>`;
    case 'steps':
      return `<ol class="steps">${block.steps
        .map(
          ({ title, children }) =>
            `<li>${title === undefined ? '' : `<p class="step-title">${escapeHtml(title)}</p>`}${blocks(children, options)}</li>`,
        )
        .join('')}</ol>`;
    case 'checkpoint':
      return `<section class="checkpoint" data-checks="${escapeHtml(block.checks.map(({ id }) => id).join(' '))}"><p class="checkpoint-title">${escapeHtml(
        block.title ?? 'Checkpoint',
      )}</p>${blocks(block.children, options)}<ul>${block.checks
        .map(
          ({ id, title, mark }) =>
            `<li class="${mark}" data-check="${escapeHtml(id)}"><span role="img" aria-label="${WORDS[mark]}">${SIGNS[mark]}</span> ${escapeHtml(title)} <code>${escapeHtml(id)}</code></li>`,
        )
        .join('')}</ul></section>`;
    case 'hint':
      return `<details class="hint"><summary>Hint: ${escapeHtml(block.title)}</summary>${blocks(block.children, options)}</details>`;
    case 'diagram':
      return `<figure class="diagram">${toSvg(block.diagram)}${caption(block.caption)}</figure>`;
    case 'figure':
      return `<figure><img src="${escapeHtml(pictureAddress(block.src, options))}" alt="${escapeHtml(block.alt)}" loading="lazy">${caption(block.caption)}</figure>`;
    case 'button': {
      const href = address(block.href, options);
      return href === undefined
        ? ''
        : `<p><a class="button" href="${escapeHtml(href)}"${outside(href)}>${escapeHtml(block.text)}</a></p>`;
    }
    case 'quiz':
      return `<section class="quiz"><p class="question">${escapeHtml(block.question)}</p>${block.answers
        .map(
          ({ text, right, children }) =>
            `<details class="answer"><summary>${escapeHtml(text)}</summary><p>${right ? '✓ Right.' : '✗ Not quite.'}</p>${blocks(children, options)}</details>`,
        )
        .join('')}</section>`;
    default:
      return `<p class="missing">missing: ${escapeHtml(block.what)}</p>`;
  }
}

const caption = (text: string | undefined): string =>
  text === undefined ? '' : `<figcaption>${escapeHtml(text)}</figcaption>`;

/** A single paragraph needs no `p` of its own in a cell or an item. */
const tight = (all: readonly Block[], options: HtmlOptions): string => {
  const [first] = all;
  return first?.kind === 'paragraph' && all.every(({ kind }, at) => at === 0 || kind === 'list')
    ? inlines(first.children, options) + blocks(all.slice(1), options)
    : blocks(all, options);
};

function code(block: CodeBlock): string {
  const lines = highlight(block.language, block.text)
    .map((spans) =>
      spans
        .map(({ text, styles }) =>
          styles?.[0] ? `<span class="${styles[0]}">${escapeHtml(text)}</span>` : escapeHtml(text),
        )
        .join(''),
    )
    .join('\n');
  const title = block.title ?? block.file ?? block.origin;
  return `<figure class="code${block.command ? ' command' : ''}">${
    title === undefined ? '' : `<figcaption>${escapeHtml(title)}</figcaption>`
  }<pre tabindex="0"><code data-language="${escapeHtml(block.language)}">${lines}</code></pre></figure>`;
}

function inlines(nodes: readonly Inline[], options: HtmlOptions): string {
  return nodes
    .map((node): string => {
      switch (node.kind) {
        case 'text':
          return escapeHtml(node.text);
        case 'code':
          return `<code>${escapeHtml(node.text)}</code>`;
        case 'strong':
        case 'em':
          return `<${node.kind}>${inlines(node.children, options)}</${node.kind}>`;
        case 'strike':
          return `<s>${inlines(node.children, options)}</s>`;
        case 'break':
          return '<br>';
        case 'image':
          return `<img src="${escapeHtml(pictureAddress(node.src, options))}" alt="${escapeHtml(node.alt)}" loading="lazy">`;
        default: {
          const href = address(node.href, options);
          const inner = inlines(node.children, options);
          return href === undefined ? inner : `<a href="${escapeHtml(href)}"${outside(href)}>${inner}</a>`;
        }
      }
    })
    .join('');
}

const outside = (href: string): string => (/^https?:/i.test(href) ? ' target="_blank" rel="noreferrer noopener"' : '');

/** An address that may be followed; a script, data or unknown scheme is none. */
function address(href: string, options: HtmlOptions): string | undefined {
  const clean = href.replace(/[\u0000-\u0020\u007f-\u009f]/g, '');
  if (/^(https?|mailto):/i.test(clean)) return clean;
  if (/^[a-z][a-z\d+.-]*:/i.test(clean) || clean.startsWith('//')) return undefined;
  return clean.startsWith('#') ? clean : options.lesson(clean);
}

const pictureAddress = (src: string, options: HtmlOptions): string =>
  /^https:\/\//i.test(src) ? src : options.picture(src);
