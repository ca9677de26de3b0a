/** The command of examples/web/README.md. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const start = (env: Record<string, string>) =>
  spawn(process.execPath, ['examples/web/serve.ts'], { env: { PATH: process.env.PATH, ...env } });

test('the example is served by one command', async (t) => {
  const server = start({ VOLLEY_REGISTER_KEY: 'volley_k', PORT: '0' });
  t.after(() => server.kill());
  const [line] = await once(createInterface(server.stdout), 'line');
  const url = /^Open (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
  assert.ok(url, line);
  for (const [path, type] of [
    ['/', 'text/html'],
    ['/app.js?x', 'text/javascript'],
    ['/volley.js', 'text/javascript'],
    ['/volley-worker.js', 'text/javascript'],
    ['/config.json', 'application/json'],
  ]) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get('Content-Type'), `${type}; charset=utf-8`);
    await response.arrayBuffer();
  }
  assert.equal((await fetch(`${url}//serve.ts`)).status, 404);
});

test('without a key it says what is missing', async () => {
  const server = start({});
  let said = '';
  server.stderr.on('data', (it) => {
    said += it;
  });
  assert.deepEqual(await once(server, 'close'), [1, null]);
  assert.match(said, /^VOLLEY_REGISTER_KEY is missing: [^\n]+\n$/);
});
