/** Answers that are none of the API's, as Cloud Run and others write them. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { run } from '../../../functions/cli/program.ts';
import { problem } from '../../../functions/http/core/problems.ts';
import { createInvokerCheck } from '../../../functions/local/google/run/invoker.ts';

interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: string;
}

/** What `volley doctor` says on stderr, on one line, of a server that answers so to everything. */
async function said(t: TestContext, { status, headers, body }: Answer): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, headers).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const written: unknown[] = [];
  const code = await run(['doctor', '--url', url, '--key', 'volley_0123'], {
    env: {},
    stdout: { write: () => assert.fail('it has nothing to show') },
    stderr: { write: (text) => written.push(text) },
  });
  assert.equal(code, 1);
  const stderr = written.join('');
  for (const line of stderr.split('\n')) assert.ok(line.length <= 80, line);
  return stderr.replace(/\s+/g, ' ');
}

const HTML = { 'Content-Type': 'text/html; charset=UTF-8' };
const GOOGLE = { ...HTML, Server: 'Google Frontend' };
const page = (title: string, error: string, what: string) =>
  `\n<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n<title>${title}</title>\n</head>\n` +
  `<body text=#000000 bgcolor=#ffffff>\n<h1>Error: ${error}</h1>\n<h2>${what}</h2>\n<h2></h2>\n</body></html>\n`;
const notFound = page(
  ...['404 Page not found', 'Page not found', 'The requested URL was not found on this server.'],
);
const forbidden = page(
  '403 Forbidden',
  'Forbidden',
  'Your client does not have permission to get URL <code>/v1/doctor</code> from this server.',
);

test('a 404 of Cloud Run is a refused ingress or no service, with how to let this network in', async (t) => {
  const text = await said(t, { status: 404, headers: GOOGLE, body: notFound });
  assert.match(text, /Cloud Run answered 404 before the API was asked\./);
  assert.match(text, /Its ingress does not let this network in, or no service has this address\./);
  assert.match(text, /gcloud run services update volley-api --region=REGION --ingress=all/);
});

test('a 401 and a 403 of Cloud Run are its check of the invoker, and not of our keys', async (t) => {
  for (const status of [401, 403]) {
    const headers = { ...GOOGLE, 'WWW-Authenticate': 'Bearer error="invalid_token"' };
    const text = await said(t, { status, headers, body: forbidden });
    assert.match(text, new RegExp(`Cloud Run answered ${status} before the API was asked\\.`));
    assert.match(text, /The key was not looked at\./);
    assert.match(text, /--no-invoker-iam-check/);
  }
});

test('Cloud Run’s check of callers is known by its pages, with a key and without one', async (t) => {
  const check = createInvokerCheck({ audiences: ['https://x'], invokers: [], certs: {} });
  const server = createServer(async (request, response) => {
    const it = await check(request);
    if (it.kind === 'admitted') return void response.end('let in');
    response.writeHead(it.status, it.headers).end(it.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [key, status] of [
    ['volley_0123', 401],
    ['', 403],
  ] as const) {
    const written: unknown[] = [];
    const write = (text: unknown) => written.push(text);
    const io = { env: { VOLLEY_DATA: '/nowhere' }, stdout: { write }, stderr: { write } };
    assert.equal(await run(['doctor', '--url', url, '--key', key], io), 1);
    assert.match(written.join(''), new RegExp(`Cloud Run answered ${status} before the API`));
  }
});

test('our own 404, 401 and 403 say what they mean', async (t) => {
  for (const [kind, status, expected] of [
    ['not-found', 404, /Not found\. x\. Check the address; GET \/openapi\.json lists/],
    ['unauthorized', 401, /An API key is needed\. x\. Give a key of this deployment with --key or/],
    ['forbidden', 403, /This API key may not do that\. x\. Use a key that has the scope named\./],
  ] as const) {
    // behind Cloud Run they have its header, too
    const headers = { Server: 'Google Frontend', 'Content-Type': 'application/problem+json' };
    const body = JSON.stringify(problem(kind, 'x.'));
    const text = await said(t, { status, headers, body });
    assert.match(text, expected);
    assert.doesNotMatch(text, /Cloud Run/);
  }
});

test('another server is distinguished from the API, whatever it answers', async (t) => {
  const nginx = { ...HTML, Server: 'nginx' };
  for (const answer of [
    { status: 404, headers: nginx, body: '<html><body><h1>404 Not Found</h1></body></html>' },
    { status: 200, headers: nginx, body: '<!doctype html><title>Welcome</title>' },
  ]) {
    const text = await said(t, answer);
    assert.match(text, new RegExp(`What answered ${answer.status} is not the API of Volley\\.`));
    assert.match(text, /It sent a web page\. VOLLEY_URL \(or --url\) must be the address/);
  }
  const proxy = await said(t, { status: 403, headers: nginx, body: '<h1>Access denied</h1>' });
  assert.match(proxy, /Something before the API answered 403\. Access denied The key was not/);
  const plain = await said(t, { status: 418, headers: {}, body: 'I am a teapot' });
  assert.match(plain, /The server answered 418 I'm a Teapot\. I am a teapot/);
});

test('a function that is not the API is recognised', async (t) => {
  const text = await said(t, { status: 405, headers: { Allow: 'POST' }, body: '' });
  assert.match(
    text,
    /This is a function of Volley, but not its API\. Only Cloud Tasks, Pub\/Sub and Cloud/,
  );
});

test('an API that does not start, or has no free instance, is explained', async (t) => {
  const busy = await said(t, { status: 429, headers: GOOGLE, body: 'Rate exceeded.' });
  assert.match(busy, /no instance of the API is free\. Rate exceeded\. Try again in a moment/);
  const down = await said(t, { status: 503, headers: GOOGLE, body: 'Service Unavailable' });
  assert.match(down, /the API does not start, or died\. Service Unavailable Look at the log/);
});

test('an unknown host is explained', async () => {
  const written: unknown[] = [];
  const write = (text: unknown) => written.push(text);
  const fetch = async () => {
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error(), { code: 'ENOTFOUND' }),
    });
  };
  const io = { env: {}, stdout: { write }, stderr: { write }, fetch };
  assert.equal(await run(['doctor', '--url', 'https://api.invalid'], io), 1);
  assert.match(
    written.join(''),
    /^volley: there is no host by the name of api\.invalid\. Check VOLLEY_URL/,
  );
});
