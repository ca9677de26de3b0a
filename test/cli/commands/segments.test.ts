import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from '../fixture.ts';

test('a segment is saved from a file, listed, shown and removed', async (t) => {
  const { volley, file } = await cli(t);
  const path = await file('vip.json', '{"tags": "vip", "country": "ch"}');
  const saved = await volley('segments', 'put', 'vip', path);
  assert.equal(saved.code, 0);
  assert.equal(saved.stdout, 'vip  {"tags":{"any":["vip"]},"country":["CH"]}\n');
  assert.equal(
    (await volley('segments', 'list')).stdout,
    `NAME  AUDIENCE\n${saved.stdout.replace('  ', '   ')}`,
  );
  assert.equal((await volley('segments', 'list', '--app', 'shop')).stdout, 'none\n');
  const one = await volley('--json', 'segment', 'get', 'vip');
  assert.deepEqual(JSON.parse(one.stdout).audience.country, ['CH']);
  assert.equal((await volley('segments', 'remove', 'vip')).stdout, 'vip removed\n');
  const gone = await volley('segments', 'get', 'vip');
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /no segment "vip"/);
  const wrong = await volley('segments', 'put', 'vip', await file('x.json', 'tags=vip'));
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /is not JSON: [\s\S]*It should be an audience/);
  const twice = await volley('segments', 'put', 'vip', await file('2.json', '{"tags":1,"tags":2}'));
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /2\.json gives a name more than once: tags/);
  const long = await file('long.json', '{"attributes": {"id": 2916334247900527531}}');
  const rounded = await volley('segments', 'put', 'vip', long);
  assert.equal(rounded.code, 1);
  assert.match(rounded.stderr, /audience\.attributes\.id: is a number that cannot be kept exactly/);
});

test('an audience is uploaded and sent to', async (t) => {
  const { volley, file, store } = await cli(t);
  const done = await volley('audiences', 'upload', await file('ids.txt', 'a\nb c\nd\n'));
  assert.equal(done.code, 0);
  assert.match(done.stderr, /^line 2: is no installation id.*\n2 names, 1 rejected\n$/);
  const upload = done.stdout.trim();
  const sent = await volley('send', '--title', 'Hi', '--upload', upload, '--no-wait');
  assert.equal(sent.code, 0);
  assert.deepEqual((await store.getCampaign(sent.stdout.trim()))!.audience, { upload });
  const users = await file('u.csv', 'userId\nu1\n');
  const json = await volley('--json', 'audience', 'upload', users, '--of', 'userIds');
  assert.equal(JSON.parse(json.stdout).of, 'userIds');
  assert.equal(json.stderr, '');
  assert.equal((await volley('audiences', 'upload', users, '--of', 'friends')).code, 2);
  const missing = await volley('audiences', 'upload', 'no-such.txt');
  assert.equal(
    missing.stderr,
    'volley: there is no file no-such.txt.\nCheck its name, and the folder that you are in.\n',
  );
});
