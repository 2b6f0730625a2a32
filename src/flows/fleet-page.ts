/** A watched fleet in the browser: one page on this machine alone, kept fresh by server-sent events. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { PressoError } from '../errors.ts';

export interface LivePage {
  address: string;
  /** Tells every open page to fetch anew, at most once in a while. */
  changed(): void;
  close(): void;
}

export interface PageContent {
  /** The whole page, which loads the script of that address. */
  page(script: string): string;
  /** What stands in its `main`. */
  main(): string;
}

/** Pages are told of changes no more often than this (milliseconds). */
const CALM_MS = 500;

/** Serves on 127.0.0.1; `port` 0 takes any free one. Throws PressoError when the port is taken. */
export async function servePage(content: PageContent, port: number): Promise<LivePage> {
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => answer(request, response, content, listeners));
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(
        new PressoError(
          error.code === 'EADDRINUSE' ? 'port-in-use' : 'cannot-listen',
          error.code === 'EADDRINUSE'
            ? `Port ${port} is in use.`
            : `The page cannot be served on 127.0.0.1:${port} (${error.code}).`,
          { hint: 'presso fleet watch --port 0 --roster FILE   (any free port)' },
        ),
      ),
    );
    server.listen(port, '127.0.0.1', done);
  });
  const address = server.address();
  const chosen = typeof address === 'object' && address ? address.port : port;
  let timer: NodeJS.Timeout | undefined;
  return {
    address: `http://127.0.0.1:${chosen}/`,
    changed() {
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const response of listeners) response.write('data: changed\n\n');
      }, CALM_MS);
    },
    close() {
      clearTimeout(timer);
      for (const response of listeners) response.end('event: end\ndata: the watch has ended\n\n');
      server.close();
      server.closeIdleConnections();
      // A page that is still open is let go a moment later, so that the last word reaches it.
      setTimeout(() => server.closeAllConnections(), 50);
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  content: PageContent,
  listeners: Set<ServerResponse>,
): void {
  const path = (request.url ?? '').split('?')[0];
  const no = refusal(request);
  if (no) send(response, ...no);
  else if (path === '/') send(response, 200, 'text/html', content.page('/watch.js'));
  else if (path === '/main') send(response, 200, 'text/html', content.main());
  else if (path === '/watch.js') send(response, 200, 'text/javascript', SCRIPT);
  else if (path === '/changes') {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write('retry: 2000\n\ndata: changed\n\n');
    listeners.add(response);
    response.once('close', () => listeners.delete(response));
  } else send(response, 404, 'text/plain', 'There is only one page here.\n');
}

/** A page from elsewhere must not read along by a name that leads to this machine. */
function refusal({ headers, socket, method }: IncomingMessage): [number, string, string] | undefined {
  const { host = '', origin } = headers;
  const here = [`127.0.0.1:${socket.localPort}`, `localhost:${socket.localPort}`];
  if (!here.includes(host) || (origin !== undefined && origin !== `http://${host}`))
    return [403, 'text/plain', 'Only for this machine.\n'];
  return method === 'GET' || method === 'HEAD' ? undefined : [405, 'text/plain', 'Only GET.\n'];
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': `${type}; charset=utf-8` });
  response.end(body);
}

/** Fetches what has changed; when nobody answers any more, says since when the page is old. */
const SCRIPT = `const state = document.getElementById('state');
let seen = new Date();
let ended = false;
const time = () => seen.toLocaleTimeString();
function lost(text) { state.className = 'lost'; state.textContent = text + ' What stands here is of ' + time() + '.'; }
async function refresh() {
  try {
    const answer = await fetch('/main', { cache: 'no-store' });
    if (!answer.ok) throw new Error(String(answer.status));
    document.querySelector('main').innerHTML = await answer.text();
    seen = new Date();
    state.className = '';
    state.textContent = 'Kept up to date; last news at ' + time() + '.';
  } catch {
    gone();
  }
}
const gone = () => lost(ended ? 'The watch has ended.' : 'presso does not answer; trying again.');
const news = new EventSource('/changes');
news.onmessage = refresh;
news.onopen = () => { ended = false; };
news.onerror = gone;
news.addEventListener('end', () => { ended = true; gone(); });
`;
