/**
 * The console's door, in front of the API on this machine: the console's files, the exchange of a code
 * for the cookie, and calls of the API that come with the cookie.
 *
 * A page of another site can make a browser send requests here, and a name of its own may lead to
 * 127.0.0.1 (DNS rebinding). So the cookie counts only where the browser says that our own page asks
 * (`Sec-Fetch-Site: same-origin`; another port is `same-site`) by a name of this machine.
 * https://www.w3.org/TR/fetch-metadata/
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type ProblemKind, problem } from '../../http/core/problems.ts';
import { createdOnce } from '../../lib/created-once.ts';
import { type Assets, bundleConsole } from './bundle.ts';
import { CONSOLE_HEADERS, cacheControl } from './headers.ts';
import { SESSION_MS, type SignIn } from './sign-in.ts';

interface Door {
  /**
   * Answers what is the console's, and gives all other requests to `api`. A call with the cookie reaches
   * it with the key of its session in `Authorization`.
   */
  before(api: (request: IncomingMessage, response: ServerResponse) => unknown): RequestListener;
  /** A path that opens the console, or a screen of it, signed in with this key, once. */
  pathFor(key: string, screen?: string): string;
}

interface DoorOptions {
  signIn: SignIn;
  /** whether the API takes the key */
  isKey(key: string): Promise<boolean>;
  onError(error: unknown): void;
  isSimulated: boolean;
}

/** Bytes of the body of a sign-in. */
const MAX_BODY = 1_000;
const FILES = '/console/';
const CODES = '/console/code';
const SESSION = '/console/session';

/** The console's files are bundled once in a process, when a browser first asks for one. */
const bundled = new Map<boolean, Promise<Assets>>();

const assetsFor = (isSimulated: boolean) =>
  createdOnce(bundled, isSimulated, () =>
    bundleConsole({ signIn: { kind: 'code' }, simulated: isSimulated }),
  );

export function createDoor({ signIn, isKey, onError, isSimulated }: DoorOptions): Door {
  const pathFor = (key: string, screen = '') => `${FILES}${screen}#code=${signIn.issue(key).code}`;

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const path = pathOf(request);
    if (!isLoopback(request)) refuse(response, 'forbidden', NOT_HERE);
    else if (path === '/console') redirect(response);
    else if (path === CODES) await issue(request, response, { isKey, pathFor });
    else if (path === SESSION) await exchange(request, response, signIn);
    else await serveFile(request, response, () => assetsFor(isSimulated));
  }

  return {
    pathFor,
    before: (api) => (request, response) => {
      const path = pathOf(request);
      if (path === '/' && wantsPage(request) && isLoopback(request)) return redirect(response);
      if (path !== '/console' && !path.startsWith(FILES)) {
        useCookie(request, signIn);
        return void api(request, response);
      }
      answer(request, response).catch((error) => {
        onError(error);
        if (response.headersSent) response.destroy();
        else refuse(response, 'unexpected', 'The console could not be served: the log says why.');
      });
    },
  };
}

const NOT_HERE =
  'The console is served by the names of this machine only, such as 127.0.0.1 and localhost.';

/** Gives a call with the cookie the key of its session. */
function useCookie(request: IncomingMessage, signIn: SignIn) {
  const cookie = cookieOf(request);
  if (cookie === undefined || request.headers.authorization !== undefined) return;
  if (!isLoopback(request) || request.headers['sec-fetch-site'] !== 'same-origin') return;
  const key = signIn.keyOf(cookie);
  if (key === null) return;
  // the adapter of the API reads the raw headers
  request.headers.authorization = `Bearer ${key}`;
  request.rawHeaders.push('Authorization', `Bearer ${key}`);
}

const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/i;

/** POST /console/code, with an API key: what `volley console` asks for. */
async function issue(
  request: IncomingMessage,
  response: ServerResponse,
  { isKey, pathFor }: Pick<DoorOptions, 'isKey'> & Pick<Door, 'pathFor'>,
) {
  if (request.method !== 'POST') return refuse(response, 'method-not-allowed', 'Use POST.');
  const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
  if (key === undefined || !(await isKey(key)))
    return refuse(response, 'unauthorized', 'A code needs an API key of this server.');
  send(response, 201, JSON.stringify({ path: pathFor(key) }));
}

/** POST /console/session exchanges a code for the cookie, DELETE removes the cookie. */
async function exchange(request: IncomingMessage, response: ServerResponse, signIn: SignIn) {
  if (request.headers['sec-fetch-site'] !== 'same-origin')
    return refuse(response, 'forbidden', 'Only the console itself signs in here.');
  const cookie = (value: string, seconds: number) =>
    `${cookieName(request)}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}`;
  if (request.method === 'DELETE')
    return send(response, 204, null, { 'Set-Cookie': cookie('', 0) });
  if (request.method !== 'POST') return refuse(response, 'method-not-allowed', 'Use POST.');
  const value = signIn.exchange(codeIn(await read(request)));
  if (value === null)
    return refuse(
      response,
      'unauthorized',
      'The link was used already, or is older than ten minutes.',
      'Run npx volley console: it prints another link.',
    );
  send(response, 204, null, { 'Set-Cookie': cookie(value, SESSION_MS / 1000) });
}

async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  assets: () => Promise<Assets>,
) {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(response, 'method-not-allowed', 'Use GET.');
  const all = await assets();
  const name = pathOf(request).slice(FILES.length);
  // every path that is no file is a screen, which the page itself knows
  const asset = all.get(name) ?? (name.startsWith('assets/') ? undefined : all.get('index.html'));
  if (!asset) return refuse(response, 'not-found', 'There is no such file.');
  response.writeHead(200, {
    ...CONSOLE_HEADERS,
    'Content-Type': asset.type,
    'Content-Length': asset.bytes.byteLength,
    'Cache-Control': cacheControl(asset.isHashed),
  });
  response.end(request.method === 'HEAD' ? undefined : asset.bytes);
}

const pathOf = ({ url = '/' }: IncomingMessage) => url.split('?', 1)[0]!;

const wantsPage = ({ method, headers }: IncomingMessage) =>
  method === 'GET' && /\btext\/html\b/.test(headers.accept ?? '');

const isLoopback = ({ headers }: IncomingMessage) =>
  /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/.test(headers.host ?? '');

/** Browsers share cookies between the ports of a host, so the name tells servers apart. */
const cookieName = ({ socket }: IncomingMessage) => `volley_console_${socket.localPort}`;

const cookieOf = (request: IncomingMessage): string | undefined =>
  (request.headers.cookie ?? '')
    .split('; ')
    .find((it) => it.startsWith(`${cookieName(request)}=`))
    ?.slice(cookieName(request).length + 1);

const redirect = (response: ServerResponse) =>
  void response.writeHead(302, { Location: FILES, Vary: 'Accept' }).end();

function refuse(response: ServerResponse, kind: ProblemKind, detail: string, next?: string) {
  const it = problem(kind, detail, next === undefined ? {} : { next });
  send(response, it.status, JSON.stringify(it), { 'Content-Type': 'application/problem+json' });
}

function send(
  response: ServerResponse,
  status: number,
  body: string | null,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(body ?? undefined);
}

/** At most 1,000 bytes; what is beyond them is not read, and the connection ends. */
async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY) return '';
  }
  return text;
}

function codeIn(body: string): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' ? code : '';
  } catch {
    return '';
  }
}
