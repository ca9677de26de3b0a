/** The door of the console, over a socket: who gets in, and what browsers are told. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../../functions/cli/client/client.ts';
import { CONSOLE_HEADERS } from '../../../functions/local/console/headers.ts';
import { startLocal } from '../../../functions/local/server/server.ts';
import { createLog } from '../../../functions/log.ts';

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A request with the very headers given; `fetch` would not send a Host. */
function ask(
  url: string,
  path: string,
  { method = 'GET', body = '', ...headers }: Record<string, string> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers }, (response) => {
      let text = '';
      response.on('data', (it) => {
        text += it;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const own = { 'sec-fetch-site': 'same-origin' };

async function start(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'volley-door-'));
  const log = createLog(() => {});
  const server = await startLocal({ dataDir, port: 0, apps: {}, apiKey: null, log });
  t.after(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const exchange = (link: string, headers: Record<string, string> = own) =>
    ask(server.url, '/console/session', {
      method: 'POST',
      body: JSON.stringify({ code: link.split('#code=')[1] }),
      ...headers,
    });
  /** the cookie of a new session, as a browser sends it back */
  const cookie = async () => {
    const [set = ''] = (await exchange(server.consoleUrl())).headers['set-cookie'] as string[];
    return set.split(';')[0]!;
  };
  return { server, exchange, cookie };
}

test('a link opens the console once; the cookie is for its pages only', async (t) => {
  const { server, exchange } = await start(t);
  const link = server.consoleUrl();
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/console\/#code=[\w-]{22}$/);
  const signedIn = await exchange(link);
  assert.equal(signedIn.status, 204);
  const [set = ''] = signedIn.headers['set-cookie'] as string[];
  assert.match(
    set,
    /^volley_console_\d+=[\w-]+; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/,
  );
  const again = await exchange(link);
  assert.equal(again.status, 401);
  assert.match(again.text, /used already, or is older than ten minutes/);
  const cookie = set.split(';')[0]!;
  const me = await ask(server.url, '/v1/me', { cookie, ...own });
  assert.deepEqual(JSON.parse(me.text), {
    name: 'key "local"',
    scopes: ['campaigns', 'installations', 'read', 'admin'],
    app: null,
    simulated: false,
  });
});

test('the cookie counts for no other site, port or name of this machine', async (t) => {
  const { server, cookie } = await start(t);
  const held = await cookie();
  const { port } = new URL(server.url);
  const refused: [string, Record<string, string>][] = [
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['typed into the address bar', { 'sec-fetch-site': 'none' }],
    ['a browser that does not say', {}],
    ['DNS rebinding', { ...own, host: `evil.example:${port}` }],
    ['a name that begins like ours', { ...own, host: `localhost.evil.example:${port}` }],
    ['a name that ends like ours', { ...own, host: `evil-localhost:${port}` }],
  ];
  for (const [why, headers] of refused) {
    const got = await ask(server.url, '/v1/me', { cookie: held, ...headers });
    assert.equal(got.status, 401, why);
    const form = await ask(server.url, '/v1/campaigns', {
      method: 'POST',
      body: 'name=x',
      'content-type': 'application/x-www-form-urlencoded',
      cookie: held,
      ...headers,
    });
    assert.equal(form.status, 401, `a form: ${why}`);
  }
  for (const host of ['127.0.0.1', 'localhost', '[::1]'])
    assert.equal(
      (await ask(server.url, '/v1/me', { cookie: held, ...own, host: `${host}:${port}` })).status,
      200,
      host,
    );
  // a key that is given counts, and not the cookie beside it
  const wrong = { cookie: held, ...own, authorization: 'Bearer volley_wrong' };
  assert.equal((await ask(server.url, '/v1/me', wrong)).status, 401);
});

test('only the console itself may exchange a code, and only by a name of this machine', async (t) => {
  const { server, exchange } = await start(t);
  const link = server.consoleUrl();
  for (const site of ['cross-site', 'same-site', 'none'])
    assert.equal((await exchange(link, { 'sec-fetch-site': site })).status, 403, site);
  assert.equal((await exchange(link, { ...own, host: 'evil.example' })).status, 403);
  assert.equal((await exchange(link)).status, 204, 'the code is as good as before');
  const long = { method: 'POST', body: 'x'.repeat(5_000), ...own };
  assert.equal((await ask(server.url, '/console/session', long)).status, 401);
});

test('a session may do what its key may do, and ends with it', async (t) => {
  const { server, exchange } = await start(t);
  const admin = createClient(server.url, server.apiKey);
  const viewer = await admin.post<{ key: string; id: string }>('/v1/keys', {
    name: 'viewer',
    scopes: ['read'],
  });
  const { path } = await createClient(server.url, viewer.key).post<{ path: string }>(
    '/console/code',
  );
  const [set = ''] = (await exchange(path)).headers['set-cookie'] as string[];
  const cookie = set.split(';')[0]!;
  const list = await ask(server.url, '/v1/campaigns', { cookie, ...own });
  assert.equal(list.status, 200);
  const keys = await ask(server.url, '/v1/keys', { cookie, ...own });
  assert.equal(keys.status, 403);
  assert.match(keys.text, /The key \\"viewer\\" lacks the scope admin/);
  for (const key of ['volley_wrong', ''])
    assert.equal(
      (
        await ask(server.url, '/console/code', {
          method: 'POST',
          authorization: `Bearer ${key}`,
        })
      ).status,
      401,
    );
});

test('pages have the policy; hashed files are kept, the page is asked for again', async (t) => {
  const { server } = await start(t);
  const page = await ask(server.url, '/console/campaigns/some-id');
  assert.equal(page.status, 200);
  assert.match(String(page.headers['content-type']), /^text\/html/);
  assert.equal(page.headers['cache-control'], 'no-cache');
  for (const [name, value] of Object.entries(CONSOLE_HEADERS))
    assert.equal(page.headers[name.toLowerCase()], value);
  const files = Array.from(page.text.matchAll(/"\/console\/(assets\/[\w.-]+)"/g), (it) => it[1]!);
  assert.ok(files.length >= 2, page.text);
  for (const file of files) {
    const asset = await ask(server.url, `/console/${file}`);
    assert.equal(asset.status, 200, file);
    assert.match(file, /-[A-Z0-9]{8}\.(js|css)$/);
    assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(asset.headers['x-content-type-options'], 'nosniff');
  }
  assert.equal((await ask(server.url, '/console/assets/main-OLD.js')).status, 404);
  assert.equal((await ask(server.url, '/console/', { host: 'evil.example' })).status, 403);
  assert.equal((await ask(server.url, '/console/', { method: 'POST' })).status, 405);
});

test('/ leads a browser to the console, and answers programs as before', async (t) => {
  const { server } = await start(t);
  const page = await ask(server.url, '/', { accept: 'text/html,*/*' });
  assert.deepEqual([page.status, page.headers.location], [302, '/console/']);
  const json = await ask(server.url, '/', { accept: '*/*' });
  assert.equal(JSON.parse(json.text).name, 'Volley');
});
