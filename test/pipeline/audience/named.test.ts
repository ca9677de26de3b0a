import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cursor } from '../../../functions/model/bucket.ts';
import { type AudienceRequest, audienceSchema } from '../../../functions/model/schemas/audience.ts';
import { planTask } from '../../../functions/model/tasks.ts';
import type { UploadKind } from '../../../functions/model/upload.ts';
import { accept } from '../../../functions/pipeline/accept/accept.ts';
import { namedPages } from '../../../functions/pipeline/audience/named.ts';
import { cancel, resume } from '../../../functions/pipeline/control/control.ts';
import { sampleToken } from '../../../functions/simulators/shared/tokens.ts';
import { EVERYBODY, person } from '../../contracts/store-fixture.ts';
import { createWorld, DAY, eachOnce, NOW, type World } from '../world.ts';

const audienceOf = (it: unknown): AudienceRequest => audienceSchema.parse(it);

async function uploaded(world: World, of: UploadKind, names: string[], lifetime = 7 * DAY) {
  const id = String(names.length).padStart(20, '0');
  const upload = { id, app: 'default', of, size: null, createdAt: NOW, expiresAt: NOW + lifetime };
  await world.store.putUpload(upload);
  await world.store.addToUpload(upload, names);
  await world.store.putUpload({ ...upload, size: names.length });
  return id;
}

test('an upload of installation ids reaches them, those that are there, each once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5000);
  const names = [...people.slice(0, 4000).map((it) => it.id), 'nobody', 'no-one'];
  const upload = await uploaded(world, 'installationIds', names);
  const id = await world.send({ audience: audienceOf({ upload }) });
  assert.equal((await world.closed(id)).accepted, 4000);
  eachOnce(world, people.slice(0, 4000));
});

test('an upload goes with conditions, and users have many installations', async (t) => {
  const world = createWorld(t);
  const people = await world.people(9000, (n) => ({
    userId: `user ${n % 100}`,
    language: n % 2 ? 'de' : 'pt-BR',
  }));
  const names = Array.from({ length: 50 }, (_, n) => `user ${n}`);
  const upload = await uploaded(world, 'userIds', names);
  const id = await world.send({ audience: audienceOf({ upload, language: 'pt' }) });
  const { counts } = await world.closed(id);
  const expected = people.filter((it) => names.includes(it.userId!) && it.language === 'pt-BR');
  assert.equal(counts.recipients, expected.length);
  eachOnce(world, expected);
});

test('pages of an upload are resumed after any cursor, within a user too', async (t) => {
  const world = createWorld(t);
  await world.people(900, (n) => ({ userId: `user=${n % 230}` }));
  const upload = await uploaded(
    world,
    'userIds',
    Array.from({ length: 250 }, (_, n) => `user=${n}`),
  );
  const target = { kind: 'named', names: { upload }, unregistered: null, audience: {} } as const;
  const read = async (after: Cursor | null, size: number) => {
    const pages = [];
    for await (const page of namedPages(world.store, target, {
      app: 'default',
      range: EVERYBODY,
      after,
      size,
    }))
      pages.push({ cursor: page.cursor, ids: page.installations.map((it) => it.id) });
    return pages;
  };
  const pages = await read(null, 70);
  const all = pages.flatMap((it) => it.ids);
  assert.equal(new Set(all).size, 900);
  for (const [n, { cursor, ids }] of pages.entries()) {
    assert.ok(ids.length <= 70);
    const rest = (await read(cursor, 40)).flatMap((it) => it.ids);
    assert.deepEqual(
      rest,
      pages.slice(n + 1).flatMap((it) => it.ids),
    );
  }
});

test('tokens without an installation are sent to as they are, and installations that opted out never', async (t) => {
  const world = createWorld(t);
  const android = (n: number) => sampleToken('fcm', n);
  await world.store.putInstallations([
    person('known', { token: android(1), language: 'de' }),
    person('out', { token: android(2), optedOut: true }),
  ]);
  const unregistered = { platform: 'android' };
  const tokens = [android(1), android(2), android(3), android(3)];
  const inline = await world.campaign({ audience: audienceOf({ tokens, unregistered }) });
  const many = Array.from({ length: 3000 }, (_, n) => android(n));
  const upload = await uploaded(world, 'tokens', many);
  await world.run();
  assert.equal((await world.closed(inline)).accepted, 2);
  assert.deepEqual(
    world.script.sent.map((it) => it.token).toSorted(),
    [android(1), android(3)].toSorted(),
  );

  const all = await world.campaign({ audience: audienceOf({ upload, unregistered }) });
  const german = await world.campaign({
    audience: audienceOf({ upload, unregistered, language: 'de' }),
  });
  const known = await world.send({ audience: audienceOf({ upload }) });
  assert.equal((await world.closed(all)).accepted, 2999);
  assert.equal((await world.closed(german)).accepted, 1, 'no installation has their language');
  assert.equal((await world.closed(known)).accepted, 1);
});

test('a dead token without an installation is recorded, and nothing is forgotten', async (t) => {
  const world = createWorld(t);
  world.script.answer = () => ({ kind: 'unregistered', reason: 'UNREGISTERED', since: null });
  const token = sampleToken('fcm', 7);
  const audience = audienceOf({ tokens: [token], unregistered: { platform: 'android' } });
  const id = await world.send({ audience });
  const { failures } = await world.closed(id);
  assert.equal(failures[0]!.token, token);
  assert.match(failures[0]!.installationId, /^token:[0-9a-f]{32}$/);
});

test('what cannot be meant is told at the door', async (t) => {
  const world = createWorld(t);
  const faults = async (audience: unknown, app = 'default') => {
    const it = await accept(
      world.ports,
      {
        name: 'x',
        app,
        audience: audienceOf(audience),
        dryRun: false,
        message: { title: 'x', ttlSeconds: 60, priority: 'high' },
      },
      null,
    );
    return it.kind === 'refused' ? it.faults.map((fault) => fault.path) : [];
  };
  assert.deepEqual(await faults({ or: [{ segment: 'a' }, { segment: 'b' }] }), [
    'audience',
    'audience',
  ]);
  assert.deepEqual(await faults({ upload: '0'.repeat(20) }), ['audience.upload']);
  const users = await uploaded(world, 'userIds', ['a']);
  assert.deepEqual(await faults({ upload: users }), []);
  assert.deepEqual(await faults({ upload: users }, 'other'), ['audience.upload']);
  const unregistered = { platform: 'android' };
  assert.deepEqual(await faults({ upload: users, unregistered }), ['audience.unregistered']);
  const old = await uploaded(world, 'userIds', ['a', 'b'], DAY - 1);
  assert.deepEqual(await faults({ upload: old }), ['audience.upload'], 'it expires today');
  const userIds = Array.from({ length: 100 }, (_, n) => `user ${n}`);
  const audience = { or: Array.from({ length: 6 }, () => ({ userIds })) };
  for (const name of ['a', 'b'])
    await world.store.putSegment({ app: 'default', name, audience, updatedAt: NOW });
  assert.deepEqual(await faults({ segment: 'a' }), []);
  assert.deepEqual(
    await faults({ segment: 'a', not: { segment: 'b' } }),
    ['audience'],
    'too large together',
  );
});

test('a campaign keeps what its segment meant when it was accepted', async (t) => {
  const world = createWorld(t);
  const people = await world.people(100, (n) => ({ tags: n % 4 ? [] : ['vip'] }));
  const segment = { app: 'default', name: 'vip', updatedAt: NOW };
  await world.store.putSegment({ ...segment, audience: { tags: { any: ['vip'] } } });
  const id = await world.campaign({ audience: audienceOf({ segment: 'vip' }) });
  await world.store.putSegment({ ...segment, audience: {} });
  await world.run();
  const { campaign, accepted } = await world.closed(id);
  assert.equal(accepted, 25);
  assert.deepEqual(campaign.audience, { segment: 'vip' }, 'as it was asked');
  assert.deepEqual(campaign.meaning, { and: [{ tags: { any: ['vip'] } }] });
  eachOnce(
    world,
    people.filter((it) => it.tags.includes('vip')),
  );
});

test('a campaign whose audience matches no installation completes immediately and says so', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const id = await world.campaign({ audience: audienceOf({ not: { everybody: true } }) });
  await world.settle();
  const { recipients, campaign } = await world.closed(id);
  assert.deepEqual([recipients, campaign.state], [0, 'completed']);
});

test('an upload that expires before it is read pauses its campaign, which sends nothing', async (t) => {
  const world = createWorld(t);
  const people = await world.people(50);
  const names = people.map((it) => it.id);
  const upload = await uploaded(world, 'installationIds', names);
  const create = world.ports.queue.create;
  world.ports.queue = { ...world.queue, create: async () => {} };
  const id = await world.campaign({ audience: audienceOf({ upload }) });
  world.ports.queue = { ...world.queue, create };
  world.clock.now += 8 * DAY;
  await world.queue.create([planTask(id)]);
  for (let times = 0; times < 2; times++) {
    await world.run(world.clock.now + DAY);
    const paused = await world.store.getCampaign(id);
    assert.equal(paused?.state, 'paused');
    assert.match(paused.reason ?? '', /upload .* has expired: cancel it, upload them again/);
    if (times === 0) await resume(world.ports, id);
  }
  await cancel(world.ports, id);
  await world.run();
  assert.equal((await world.closed(id)).recipients, 0);
  assert.equal(world.script.sent.length, 0);
});
