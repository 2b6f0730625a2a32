/** `presso content preview`: lessons in a browser on this machine, shown again as their files change. */
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { PressoError } from '../errors.ts';
import { escapeHtml, findLesson, toHtml } from '../lesson/index.ts';
import { interrupted, say, tell } from '../terminal.ts';
import { type CourseFlags, type Desk, openDesk, treeOf } from './lesson.ts';

const TYPES: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
};
/** Nothing from elsewhere; a picture of the course that is an SVG runs no script either. */
const POLICY =
  "default-src 'none'; img-src 'self' https: data:; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves until Ctrl-C. */
export async function preview(flags: CourseFlags, port: number): Promise<void> {
  openDesk(flags);
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    try {
      answer(request, response, flags, listeners);
    } catch (error) {
      const told = error instanceof PressoError ? error : undefined;
      send(
        response,
        told ? 404 : 500,
        'text/html; charset=utf-8',
        page('Not shown', `<p class="missing">${escapeHtml(told?.message ?? String(error))}</p>`),
      );
    }
  });
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'EADDRINUSE'
          ? new PressoError('port-in-use', `Port ${port} is in use.`, {
              hint: 'presso content preview --port 0   (any free one)',
            })
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', done);
  });
  const address = server.address();
  const chosen = typeof address === 'object' && address ? address.port : port;
  const watcher = watchFolder(openDesk(flags).course.dir, () => {
    for (const response of listeners) response.write('data: changed\n\n');
  });
  say(`http://127.0.0.1:${chosen}/`);
  tell('Lessons are shown again as their files change. Ctrl-C ends it.');
  await new Promise<void>((_, fail) => {
    const stop = (): void => {
      watcher?.close();
      for (const response of listeners) response.end();
      server.close();
      server.closeAllConnections();
      fail(interrupted('The preview has ended.', 'presso content check'));
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

function watchFolder(dir: string, changed: () => void): FSWatcher | undefined {
  let waiting: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(waiting);
    waiting = setTimeout(changed, 50);
  };
  try {
    return watch(dir, { recursive: true }, soon);
  } catch {
    tell('  ! This folder cannot be watched; reload the page by hand.');
    return undefined;
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  flags: CourseFlags,
  listeners: Set<ServerResponse>,
): void {
  const { host = '', origin } = request.headers;
  // A page from elsewhere must not read along by a name that leads to this machine.
  if (
    !/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host) ||
    (origin !== undefined && origin !== `http://${host}`)
  ) {
    send(response, 403, 'text/plain; charset=utf-8', 'Only for this machine.\n');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, 'text/plain; charset=utf-8', 'Only GET.\n');
    return;
  }
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (pathname === '/preview.css') {
    send(response, 200, 'text/css; charset=utf-8', STYLE);
    return;
  }
  if (pathname === '/preview.js') {
    send(response, 200, 'text/javascript; charset=utf-8', SCRIPT);
    return;
  }
  if (pathname === '/changes') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 500\n\n');
    listeners.add(response);
    request.once('close', () => listeners.delete(response));
    return;
  }
  const desk = openDesk(flags);
  const name = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  if (name.startsWith('files/')) {
    file(response, desk, name.slice('files/'.length));
    return;
  }
  if (name === '') {
    send(response, 200, 'text/html; charset=utf-8', page(desk.course.title || 'Lessons', contents(desk)));
    return;
  }
  const all = desk.course.modules.flatMap(({ lessons }) => lessons);
  const entry = findLesson(all, name);
  const at = all.indexOf(entry);
  const folder = path.relative(desk.course.dir, path.dirname(entry.file)).replaceAll(path.sep, '/');
  const html = toHtml(treeOf(desk, entry), {
    lesson: (href) =>
      new URL(href.replace(/\.(md|mdoc|markdoc)(?=#|$)/, ''), `http://x/${entry.id}`).href.slice('http://x'.length),
    picture: (src) => `/files${new URL(src, `http://x/${folder}/`).pathname}`,
  });
  const link = (to: (typeof all)[number] | undefined, sign: string): string =>
    to ? `<a href="/${escapeHtml(to.id)}">${sign} ${escapeHtml(to.title)}</a>` : '<span></span>';
  send(
    response,
    200,
    'text/html; charset=utf-8',
    page(
      entry.title,
      `<nav><a href="/">Contents</a></nav>${html}<nav>${link(all[at - 1], '←')}${link(all[at + 1], '→')}</nav>`,
    ),
  );
}

const contents = (desk: Desk): string =>
  `<h1>${escapeHtml(desk.course.title || 'Lessons')}</h1>${desk.course.modules
    .map(
      ({ title, lessons }) =>
        `<h2>${escapeHtml(title)}</h2><ol>${lessons.map((one) => `<li><a href="/${escapeHtml(one.id)}">${escapeHtml(one.title)}</a> · ${one.minutes} min</li>`).join('')}</ol>`,
    )
    .join('')}`;

function file(response: ServerResponse, desk: Desk, name: string): void {
  const wanted = path.join(desk.course.dir, name);
  const type = TYPES[path.extname(wanted).toLowerCase()];
  if (
    !type ||
    path.relative(desk.course.dir, wanted).startsWith('..') ||
    !statSync(wanted, { throwIfNoEntry: false })?.isFile()
  ) {
    send(response, 404, 'text/plain; charset=utf-8', 'There is no such picture.\n');
    return;
  }
  send(response, 200, type, readFileSync(wanted));
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(body);
}

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title><link rel="stylesheet" href="/preview.css"><script src="/preview.js" defer></script></head><body><main>${body}</main></body></html>`;

const SCRIPT = `new EventSource('/changes').onmessage = () => location.reload();\n`;
const STYLE = `:root{color-scheme:light dark;--line:#8886;--soft:#8881;--accent:light-dark(#0b6,#4d9)}
body{font:17px/1.6 system-ui,sans-serif;margin:0}main{max-width:46rem;margin:0 auto;padding:1rem}
nav{display:flex;justify-content:space-between;gap:1rem;margin:1rem 0}pre{overflow:auto;padding:.8rem;background:var(--soft);border-left:3px solid var(--line)}
.command pre{border-color:var(--accent)}code{font-size:.9em}figure{margin:1rem 0}figcaption{font-size:.85em;opacity:.8}
.callout,.checkpoint,.quiz{border-left:4px solid var(--line);padding:.2rem 1rem;background:var(--soft);margin:1rem 0}.checkpoint{border-color:var(--accent)}
.callout-title,.checkpoint-title,.step-title,.question{font-weight:600}.checkpoint ul{list-style:none;padding:0}.missing{color:light-dark(#b00,#f88)}
.button{display:inline-block;padding:.4rem .9rem;border:1px solid currentColor;border-radius:.4rem;text-decoration:none}
.table{overflow:auto}table{border-collapse:collapse}th,td{border-bottom:1px solid var(--line);padding:.3rem .8rem;text-align:left;vertical-align:top}.right{text-align:right}.center{text-align:center}
svg{max-width:100%;height:auto}svg text{font:13px system-ui;fill:currentColor}svg .label{font-size:11px;opacity:.85}svg rect{fill:var(--soft);stroke:currentColor}svg .yours rect{stroke:var(--accent);stroke-width:3}svg .arrow{stroke:currentColor}svg .head{fill:currentColor}
img{max-width:100%}.key{color:light-dark(#059,#8bf)}.string{color:light-dark(#171,#8d8)}.number,.variable{color:light-dark(#a50,#fb7)}.comment{opacity:.65}.keyword{color:light-dark(#818,#d9f)}
`;
