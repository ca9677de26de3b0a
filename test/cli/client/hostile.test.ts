/** Answers of servers that are broken, foreign or hostile, over a real socket. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../../functions/cli/client/client.ts';
import { run } from '../../../functions/cli/program.ts';
import { cleaned } from '../../../functions/cli/terminal.ts';
import { watchCampaign } from '../../../functions/cli/watch.ts';
import { problems } from '../../../functions/http/core/problems.ts';
import { redact } from '../../../functions/lib/redact.ts';
import { keptOpen } from '../../kept-open.ts';

type Handler = (...of: [...Parameters<RequestListener>, string]) => void;

/** What a command prints and gives, with such a server as its API. */
async function createVolley(t: TestContext, handle: Handler) {
  const asked: string[] = [];
  const server = createServer(keptOpen, (request, response) => {
    request.resume();
    response.on('error', () => {});
    asked.push(`${request.method} ${request.url}`);
    handle(request, response, url);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const volley = async (args: string[], onWrite = () => {}) => {
    const out = { stdout: '', stderr: '' };
    const to = (name: 'stdout' | 'stderr') => ({
      write(it: string | Uint8Array) {
        out[name] += typeof it === 'string' ? it : new TextDecoder().decode(it);
        if (name === 'stdout') onWrite();
        return true;
      },
    });
    const io = { env: {}, stdout: to('stdout'), stderr: to('stderr') };
    const code = await run([...args, '--url', url, '--key', 'volley_0123'], io);
    return { code, ...out, said: out.stderr.replace(/\s+/g, ' ') };
  };
  return { volley, asked, url };
}

const answer =
  (body: unknown, type = 'application/json', status = 200): Handler =>
  (_, response) =>
    response
      .writeHead(status, { 'Content-Type': type })
      .end(typeof body === 'string' ? body : JSON.stringify(body));

const ESCAPES = '\x1b]0;title\x07\x1b[2J\x9b31m\x7f';

test('a redirect is told and not followed, whatever the call', async (t) => {
  for (const status of [301, 302, 303, 307, 308])
    for (const args of [
      ['pause', 'abc'],
      ['doctor'],
      ['keys', 'revoke', 'abc'],
      ['report', 'abc'],
    ]) {
      const { volley, asked } = await createVolley(t, (request, response, url) => {
        if (request.url === '/other') response.end('{}');
        else response.writeHead(status, { Location: `${url}/other` }).end();
      });
      const { code, stdout, said } = await volley(args);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(
        said,
        new RegExp(`answered ${status}: it redirects to http://127.* not followed`),
      );
      assert.equal(asked.length, 1);
    }
});

test('a problem document of another form is explained as an answer of another server', async (t) => {
  const whole = { type: 'x', title: 'x', status: 400, detail: 'x', next: 'x' };
  for (const body of [
    ...[null, [], 'text', 7, {}, '{"title":'],
    ...[null, {}, [null], [{}], 'x'].map((faults) => ({ ...whole, faults })),
    { ...whole, next: undefined },
    { ...whole, detail: 7 },
  ]) {
    const { volley } = await createVolley(t, answer(body, 'application/problem+json', 400));
    const { code, said } = await volley(['doctor']);
    assert.equal(code, 1);
    assert.match(said, /^volley: The server answered 400 Bad Request\. .*VOLLEY_URL \(or --url\)/);
  }
});

test('a web page is never a result', async (t) => {
  for (const args of [
    ['report', 'abc'],
    ['report', 'abc', '--json'],
    ['failures', 'abc'],
    ['failures', 'abc', '--csv'],
    ['failures', 'abc', '--json'],
    ['users', 'export', 'abc'],
    ['watch', 'abc'],
    ['doctor'],
    ['keys', 'revoke', 'abc'],
  ]) {
    const { volley } = await createVolley(t, answer('<html>Login</html>', 'text/html'));
    const { code, stdout, said } = await volley(args);
    assert.equal(code, 1, args.join(' '));
    assert.doesNotMatch(stdout, /Login/);
    assert.match(said, /What answered 200 is not the API of Volley\. It sent a web page\./);
  }
});

test('control characters do not reach the terminal', async (t) => {
  const problem = { type: ESCAPES, title: ESCAPES, status: 400, detail: ESCAPES, next: ESCAPES };
  const faults = [{ path: ESCAPES, message: ESCAPES }];
  const record = { id: '1', deadAt: ESCAPES, attempts: null, attributes: {}, data: ESCAPES };
  for (const [args, handle] of [
    [['doctor'], answer(`<p>${ESCAPES}`, 'text/html', 500)],
    [['doctor'], answer({ ...problem, faults }, 'application/problem+json', 400)],
    [['report', 'abc'], answer(`Name ${ESCAPES}\n`, 'text/plain')],
    [['events', 'dead-letters'], answer({ items: [record] })],
    [['events', 'dead-letters', '--json'], answer({ items: [record] })],
    [[ESCAPES], answer({})],
  ] as [string[], Handler][]) {
    const { volley } = await createVolley(t, handle);
    const { stdout, stderr } = await volley(args);
    assert.match(stdout + stderr, /\ufffd|\\u001b/);
    assert.doesNotMatch((stdout + stderr).replaceAll('\n', ''), /\p{Cc}/u);
    if (args.includes('--json')) assert.deepEqual(JSON.parse(stdout), { items: [record] });
  }
});

test('a line break in a field does not look like another record', async (t) => {
  const text = 'a\r\nkey2  admin\u2028\u0085\tb';
  const failure = { at: text, provider: text, outcome: text, reason: text };
  const key = { id: text, name: text, scopes: [text], app: text, createdAt: text };
  const webhook = {
    id: text,
    url: 'https://x.example',
    format: 'standard',
    enabled: true,
    description: text,
    app: text,
    campaignId: text,
    types: [],
    disabledReason: null,
    failingSince: null,
  };
  for (const [args, handle, lines] of [
    [['keys', 'list'], answer({ items: [key] }), 2],
    [['segments', 'list'], answer({ items: [{ name: text, audience: {} }], next: null }), 2],
    [['webhooks', 'list'], answer({ items: [webhook], next: null }), 2],
    [
      ['failures', 'abc'],
      answer(
        `${JSON.stringify({ ...failure, installationId: text, token: text })}\n`,
        'application/x-ndjson',
      ),
      2,
    ],
    [['apps', 'show', 'a'], answer({ app: text, paused: { at: text, by: text } }), 1],
  ] as [string[], Handler, number][]) {
    const { volley } = await createVolley(t, handle);
    const { stdout, stderr, code } = await volley(args);
    assert.equal(code, 0, stderr);
    // what is folded is indented
    const begun = stdout.split(/[\n\r\u2028\u0085]/).filter((it) => /^[^ ]/.test(it));
    assert.equal(begun.length, lines, stdout);
    assert.doesNotMatch(stdout, /\t|\ufffd/);
  }
});

/** Sends the same again as long as the client takes it; `given` has the bytes. */
const endless = (type: string, status: number, part: string) => {
  const state = { given: 0, closed: Promise.withResolvers<void>() };
  const handle: Handler = (_, response) => {
    response.writeHead(status, { 'Content-Type': type });
    response.on('close', () => state.closed.resolve());
    const more = () => {
      while (!response.destroyed) {
        state.given += part.length;
        if (!response.write(part)) return void response.once('drain', more);
      }
    };
    more();
  };
  return { state, handle };
};

test('an answer without an end is given up', async (t) => {
  const MIB = 1024 * 1024;
  const part = 'x'.repeat(MIB / 4);
  for (const [args, type, status, most, expected] of [
    [['doctor'], 'text/html', 500, 32 * MIB, /The server answered 500/],
    [['doctor'], 'application/problem+json', 500, 32 * MIB, /The server answered 500/],
    [['doctor'], 'application/json', 200, 128 * MIB, /It is larger than 64 MiB\./],
    [['report', 'abc'], 'text/plain', 200, 128 * MIB, /It is larger than 64 MiB\./],
    [['failures', 'abc'], 'application/x-ndjson', 200, null, /Line 1 is longer than 65536 bytes\./],
  ] as const) {
    // a line that is too long is known at its end
    const body = most === null ? `${part}\n` : part;
    const { state, handle } = endless(type, status, body);
    const { volley } = await createVolley(t, handle);
    const { code, said } = await volley([...args]);
    assert.equal(code, 1);
    assert.match(said, expected);
    await state.closed.promise;
    assert.ok(state.given < (most ?? 32 * MIB), `${args} ${state.given}`);
  }
});

test('pages that come again end a list with an error', async (t) => {
  const { volley, asked } = await createVolley(t, answer({ items: [], next: 'a' }));
  const { code, said } = await volley(['segments', 'list']);
  assert.equal(code, 1);
  assert.match(said, /pages without an end/);
  assert.equal(asked.length, 2);
});

test('a server that does not answer, or stops in the middle, ends the command', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const silent = await createVolley(t, () => t.mock.timers.tick(30_000));
  for (const args of [
    ['failures', 'abc', '--csv'],
    ['failures', 'abc'],
  ]) {
    const { code, said } = await silent.volley(args);
    assert.equal(code, 1);
    assert.match(said, /broke off \(no answer in time\)/);
  }
  const stops = await createVolley(t, (_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/csv' }).write('at\n'),
  );
  const { code, stdout } = await stops.volley(['failures', 'abc', '--csv'], () =>
    setImmediate(() => t.mock.timers.tick(45_000)),
  );
  assert.deepEqual([code, stdout], [1, 'at\n']);
});

test('a download that only trickles ends after two hours', async (t) => {
  const line = Object.fromEntries(
    ['at', 'provider', 'outcome', 'reason', 'installationId', 'token'].map((it) => [it, 'a']),
  );
  for (const [args, type, part] of [
    [['failures', 'abc', '--csv'], 'text/csv', 'at\n'],
    [['failures', 'abc', '--json'], 'application/x-ndjson', `${JSON.stringify(line)}\n`],
  ] as const) {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let response: ServerResponse | null = null;
    const trickles = await createVolley(t, (_, it) => {
      response = it.writeHead(200, { 'Content-Type': type });
      it.write(part);
    });
    let parts = 0;
    const { code, said } = await trickles.volley([...args], () => {
      parts += 1;
      setImmediate(() => {
        t.mock.timers.tick(40_000);
        response?.write(part);
      });
    });
    assert.equal(code, 1);
    assert.match(said, /broke off \(no answer in time\)/);
    assert.equal(parts, (2 * 60 * 60) / 40);
    t.mock.timers.reset();
  }
});

/** Each command that uses an answer, with the files that it needs. */
const commands = (file: string, csv: string): string[][] => [
  ['import', csv, '--dry-run'],
  ['send', '--title', 'x', '--tag', 'a', '--yes'],
  ['send', '--title', 'x', '--tag', 'a', '--yes', '--no-wait'],
  ['send', '--title', 'x', '--everybody'],
  ['message', '--user', 'a', '--title', 'x'],
  ['test', '--user', 'a', '--title', 'x'],
  ['report', 'abc', '--json'],
  ['doctor'],
  ['estimate', '--tag', 'a'],
  ['segments', 'list'],
  ['segments', 'put', 'a', file],
  ['segments', 'get', 'a'],
  ['audiences', 'upload', file],
  ['pause', 'abc'],
  ['cancel', 'abc'],
  ['resume', 'abc'],
  ['reschedule', 'abc', '--at', '2030-12-24T18:00:00Z'],
  ['history', 'abc'],
  ['retry-failures', 'abc'],
  ['apps', 'show', 'a'],
  ['apps', 'pause', 'a'],
  ['schedules', 'add', file, '--cron', '0 8 * * *', '--name', 'a'],
  ['schedules', 'change', 'abc', '--name', 'a'],
  ['schedules', 'list'],
  ['schedules', 'show', 'abc'],
  ['schedules', 'pause', 'abc'],
  ['schedules', 'run', 'abc'],
  ['triggers', 'put', 'a', file],
  ['triggers', 'list'],
  ['triggers', 'failed', 'a'],
  ['triggers', 'replay', 'a', 'b'],
  ['webhooks', 'add', 'https://example.com'],
  ['webhooks', 'list'],
  ['webhooks', 'deliveries', 'abc'],
  ['webhooks', 'replay', 'abc', 'd'],
  ['webhooks', 'test', 'abc'],
  ['webhooks', 'rotate', 'abc'],
  ['webhooks', 'enable', 'abc'],
  ['events', 'dead-letters'],
  ['events', 'redrive'],
  ['users', 'erase', 'abc', '--yes'],
  ['keys', 'list'],
  ['keys', 'create', '--scope', 'read'],
  ['installations', 'normalize'],
];

test('an answer without the fields that a command uses is no success', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'volley-hostile-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'a.json');
  const csv = join(folder, 'a.csv');
  await writeFile(file, '{}');
  await writeFile(csv, 'id,platform,token\nd1,ios,abc\n');
  for (const body of [{}, null, [], 'text', 7, { items: {} }, { items: [null], next: null }]) {
    const { volley } = await createVolley(t, answer(JSON.stringify(body)));
    for (const args of commands(file, csv)) {
      const { code, stdout, said } = await volley(args);
      assert.deepEqual([code, stdout], [1, ''], `${args.join(' ')}: ${said}`);
      assert.match(said, /does not answer as the API of this version does\. It has another form/);
    }
  }
});

test('the doctor says well only of findings that it understands', async (t) => {
  const finding = { check: 'x', state: 'well', detail: 'x' };
  for (const findings of [
    [],
    ...['constructor', 'fine', null, 7].map((state) => [finding, { ...finding, state }]),
    [{ ...finding, detail: undefined }],
  ]) {
    const { volley } = await createVolley(t, answer({ findings }));
    const { code, stdout, said } = await volley(['doctor']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(said, /It has another form at findings/);
  }
});

test('an event of another form ends a watch, and so do streams without events', async (t) => {
  for (const data of ['{"x"', 'null', '{}', '[]', '{"id":"a","state":"running","counts":{}}']) {
    const { volley } = await createVolley(
      t,
      answer(`event: campaign\ndata: ${data}\n\n`, 'text/event-stream; charset=utf-8'),
    );
    const { code, said } = await volley(['watch', 'abc']);
    assert.equal(code, 1);
    assert.match(said, /does not answer as the API of this version does\. It (is not|has another)/);
  }
  const { url, asked } = await createVolley(t, answer('', 'text/event-stream'));
  let now = 0;
  const watching = watchCampaign(createClient(url, null), 'abc', null, {
    pollMs: 0,
    now: () => (now += 5_000),
  });
  await assert.rejects(watching, /ends its streams without an event/);
  assert.ok(asked.length > 1);
});

test('failures of another form are not printed', async (t) => {
  for (const line of ['{}', 'null', '<html>'])
    for (const args of [
      ['failures', 'abc'],
      ['failures', 'abc', '--json'],
    ]) {
      const { volley } = await createVolley(t, answer(`${line}\n`, 'application/x-ndjson'));
      const { code, stdout } = await volley(args);
      assert.deepEqual([code, stdout], [1, '']);
    }
});

test('advice that shows how a key is sent is not shortened', () => {
  const { next } = problems.unauthorized;
  assert.equal(redact(next), next);
  assert.equal(redact('Bearer volley_0123456789abcdefghij'), 'Bearer volley…ghij');
});

test('an export is cleaned at a terminal, and goes to a file as it is', () => {
  for (const isTTY of [true, false]) {
    const written: (string | Uint8Array)[] = [];
    const stdout = { isTTY, write: (it: string | Uint8Array) => written.push(it) };
    const io = cleaned({ env: {}, stdout, stderr: stdout });
    const bytes = Buffer.from(`é${ESCAPES}\r\n`);
    for (const byte of bytes) io.stdout.write(Buffer.from([byte]));
    const got = Buffer.concat(written.map((it) => Buffer.from(it)));
    const shown = 'é\ufffd]0;title\ufffd\ufffd[2J\ufffd31m\ufffd\ufffd\n';
    assert.equal(got.toString(), isTTY ? shown : bytes.toString());
  }
});
