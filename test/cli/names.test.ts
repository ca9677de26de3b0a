import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCli } from './fixture.ts';

const nouns = {
  apps: 'app',
  campaigns: 'campaign',
  audiences: 'audience',
  installations: 'installation',
  keys: 'key',
  schedules: 'schedule',
  segments: 'segment',
  triggers: 'trigger',
  users: 'user',
  webhooks: 'webhook',
};

test('nouns are plural, and the singular is taken as well', async (t) => {
  const { volley } = await createCli(t);
  for (const [plural, singular] of Object.entries(nouns)) {
    const { code, stdout } = await volley(plural, '--help');
    assert.equal(code, 0, plural);
    assert.equal((await volley(singular, '--help')).stdout, stdout, singular);
    assert.match(stdout, new RegExp(`^Usage: volley ${plural}\\|${singular} `));
  }
});

test('what can be removed is removed by remove, and by delete', async (t) => {
  const { volley, file } = await createCli(t);
  const campaign = { name: 'A', audience: { tags: ['x'] }, message: { title: 'T' } };
  const paths = {
    segment: await file('segment.json', JSON.stringify({ tags: ['x'] })),
    campaign: await file('campaign.json', JSON.stringify(campaign)),
    trigger: await file(
      'trigger.json',
      JSON.stringify({ ...campaign, name: undefined, proof: github }),
    ),
  };
  const makers: Record<string, [args: string[], name: 'id' | 'name']> = {
    segments: [['put', 'vip', paths.segment], 'name'],
    triggers: [['put', 'orders', paths.trigger], 'name'],
    schedules: [['add', paths.campaign, '--name', 'A', '--cron', '0 8 * * *'], 'id'],
    webhooks: [['add', 'https://example.com/hook'], 'id'],
  };
  for (const [noun, [args, name]] of Object.entries(makers))
    for (const verb of ['remove', 'delete']) {
      const made = await volley(noun, ...args, '--json');
      assert.equal(made.code, 0, made.stderr);
      const it = JSON.parse(made.stdout)[name];
      const removed = await volley(noun, verb, it, '--json');
      assert.deepEqual(JSON.parse(removed.stdout), { [name]: it, removed: true });
      assert.deepEqual(JSON.parse((await volley(noun, 'list', '--json')).stdout), { items: [] });
    }
});

const github = { kind: 'github', secret: '0123456789abcdef' };

test('every list is one document of items', async (t) => {
  const { volley } = await createCli(t);
  const { stdout } = await volley('webhooks', 'add', 'https://example.com/hook', '--json');
  const { id } = JSON.parse(stdout);
  for (const args of [
    ...['apps', 'keys', 'schedules', 'segments', 'triggers', 'webhooks'].map((it) => [it, 'list']),
    ['webhooks', 'deliveries', id],
  ]) {
    const listed = await volley(...args, '--json');
    assert.equal(listed.code, 0, listed.stderr);
    const { items, ...rest } = JSON.parse(listed.stdout);
    assert.ok(Array.isArray(items), args.join(' '));
    assert.deepEqual(rest, {});
  }
});
