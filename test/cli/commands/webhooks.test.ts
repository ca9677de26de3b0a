import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../functions/cli/program.ts';
import { createApi } from '../../../functions/http/api.ts';
import { createFixture } from '../../http/fixture.ts';
import { createReceiver, status, verified } from '../../webhooks/receiver.ts';

test('a webhook is added, listed, tested, rotated, replayed and removed by hand', async (t) => {
  const { ports, key, clock } = await createFixture(t);
  clock.now = Date.now();
  const api = createApi(ports, { isLocal: true });
  const receiver = await createReceiver(t);
  const volley = async (...args: string[]) => {
    const out = { stdout: '', stderr: '' };
    const to = (name: 'stdout' | 'stderr') => ({
      write: (text: string | Uint8Array) => {
        out[name] += text;
        return true;
      },
    });
    const fetch: typeof globalThis.fetch = async (input, init) =>
      api.fetch(new Request(input, init));
    const io = { env: { VOLLEY_API_KEY: key }, stdout: to('stdout'), stderr: to('stderr'), fetch };
    return { code: await run(['webhooks', ...args], io), ...out };
  };

  assert.equal((await volley('list')).stdout, 'none\n');
  const added = await volley('add', receiver.url, '--app', 'news', '--type', 'campaign.completed');
  const [id, secret] = added.stdout.trim().split('  ');
  assert.match(added.stderr, /not shown again/);
  assert.equal(
    (await volley('list')).stdout.replace(/\n? +/g, ' '),
    `ID STATE EVENTS OF FORMAT URL DESCRIPTION\n${id} on app news standard ${receiver.url}\n`,
    'and no secret',
  );

  const ping = await volley('test', id!);
  assert.equal(ping.code, 0);
  assert.match(ping.stdout, / delivered {2}webhook\.test\n.* 204\n$/);
  const rotated = await volley('rotate', id!);
  assert.match(rotated.stderr, /earlier secret signs too, for 24 hours more/);
  const second = rotated.stdout.trim().split('  ')[1]!;
  clock.now += 1;
  receiver.answer = status(500);
  assert.equal((await volley('test', id!)).code, 1);
  for (const it of [secret!, second]) verified(receiver.got.at(-1)!, it);

  const { stdout } = await volley('deliveries', id!);
  const lines = stdout.trim().split(/\n(?! )/);
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /^AT {24}ID /);
  const replayed = await volley('replay', id!, lines[1]!.split('  ')[1]!);
  assert.match(replayed.stdout, / {2}pending {2}/);

  const chat = await volley('add', 'https://hooks.slack.com/services/T0/B0/secret', '--slack');
  assert.equal(chat.code, 0);
  assert.match(chat.stdout, /^\w+\n$/, 'no secret: Slack verifies no signature');
  assert.doesNotMatch((await volley('list')).stdout, /B0/, 'its path is its password');
  assert.equal((await volley('remove', id!)).code, 0);
  const gone = await volley('test', id!);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /There is no webhook/);
  const wrong = await volley('add', 'ftp://example.com');
  assert.match(wrong.stderr, /url: must be an https:\/\/ URL/);
});
