import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { run } from '../../../functions/cli/program.ts';
import { keptOpen } from '../../kept-open.ts';

test('a list ends where the API says so: an empty page is not shown and ends nothing', async (t) => {
  const segment = (name: string) => ({ app: 'default', name, audience: {}, updatedAt: '' });
  const pages: Record<string, { items: object[]; next: string | null }> = {
    '': { items: [segment('a'), segment('b')], next: 'b' },
    b: { items: [], next: 'c' },
    c: { items: [segment('d')], next: 'd' },
    d: { items: [], next: null },
  };
  const asked: string[] = [];
  const server = createServer(keptOpen, (request, response) => {
    const { searchParams } = new URL(request.url!, 'http://localhost');
    asked.push(`${searchParams.get('app')} ${searchParams.get('after') ?? ''}`);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(pages[searchParams.get('after') ?? '']));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const parts: (string | Uint8Array)[] = [];
  const stdout = { write: (text: string | Uint8Array) => parts.push(text) > 0 };
  const env = { VOLLEY_URL: `http://127.0.0.1:${port}`, VOLLEY_API_KEY: 'key' };
  const io = { env, stdout, stderr: stdout, fetch };
  assert.equal(await run(['segments', 'list', '--app', 'news & more'], io), 0);
  const text = parts.join('');
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map((it) => it.split(/\s/)[0]),
    ['NAME', 'a', 'b', 'd'],
  );
  assert.deepEqual(
    asked,
    ['', 'b', 'c', 'd'].map((it) => `news & more ${it}`),
  );
});
