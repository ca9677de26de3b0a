import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSenders } from '../../../functions/providers/senders.ts';
import { credentials } from '../../providers/fixture.ts';
import { cli } from '../fixture.ts';

async function withSenders(t: Parameters<typeof cli>[0]) {
  const it = await cli(t);
  const senders = createSenders({
    default: credentials('https://localhost:1', 'https://localhost:1'),
  });
  t.after(() => senders.close());
  it.ports.senders = senders;
  return it;
}

test('a push is shown from a file or from options, with its warnings', async (t) => {
  const { volley, file } = await withSenders(t);
  const path = await file(
    'c.json',
    '{"name":"x","audience":{"everybody":true},"message":{"title":"Hi {{name}}","collapseId":"a"}}',
  );
  const { code, stdout, stderr } = await volley(
    ...['render', path, '--platform', 'ios', '--attribute', 'name=Ada=1', '--subtitle', 'S'],
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^By apns, in the default language: \d+ of 4096 bytes\n/);
  assert.match(stdout, /^apns-push-type: alert$/m);
  assert.match(stdout, /"title": "Hi Ada=1",\n +"subtitle": "S"/);
  const web = await volley('render', path, '--platform', 'web', '--subtitle', 'S', '--json');
  assert.deepEqual(
    JSON.parse(web.stdout).warnings.map((it: { path: string }) => it.path),
    ['message.subtitle', 'attributes.name'],
  );
  const text = await volley('render', path, '--platform', 'web', '--subtitle', 'S');
  assert.match(text.stdout, /^warning: message\.subtitle: browsers show none$/m);
});

test('what could not be sent is an error with 1, and a wrong command line is explained with 2', async (t) => {
  const { volley } = await withSenders(t);
  const long = await volley('render', '--body', 'x'.repeat(4096), '--platform', 'ios');
  assert.equal(long.code, 1);
  assert.match(long.stdout, /^error: message: the APNs payload is \d+ bytes/m);
  const lost = await volley('render', '--title', 'x', '--platform', 'palm');
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /platform/);
  for (const more of [[], ['--platform', 'ios', '--attribute', 'name']])
    assert.equal((await volley('render', '--title', 'x', ...more)).code, 2);
  assert.equal((await volley('render', '--platform', 'ios')).code, 2);
});
