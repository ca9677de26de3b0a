/** Firestore's bounds, and names it keeps for itself. https://firebase.google.com/docs/firestore/quotas */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Firestore } from '@google-cloud/firestore';
import { PassThroughClient } from 'google-auth-library';
import { BadCursor } from '../../../functions/lib/errors.ts';
import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import type { NewChunk } from '../../../functions/model/chunk.ts';
import { aboutAll } from '../../../functions/store/firestore/audience/size.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import { createSchema } from '../../../functions/store/firestore/schema.ts';
import {
  allFailures,
  chance,
  claimed,
  commitOf,
  EVERYBODY,
  leaseOf,
  lonelyChunk,
  NOW,
  pageOf,
  person,
  running,
} from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { emulator, openStore } from './emulated.ts';

const skip = withoutEmulators('firestore');

test('a page of the largest chunks is frozen, claimed and committed', { skip }, async (t) => {
  const store = openStore(t);
  const id = await running(store);
  const page = pageOf(id, Array(5).fill(170), { last: true });
  // 4 KiB a token, 700 kB a chunk; a page may have 10 MiB, but the emulator takes no more than 4
  for (const chunk of page.chunks)
    chunk.recipients = chunk.recipients.map((it) => ({ ...it, token: it.token.padEnd(4096, 'x') }));
  assert.equal((await store.freezePage(page)).kind, 'frozen');
  const { id: chunkId, recipients } = page.chunks[3] as NewChunk;
  const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  assert.deepEqual(chunk.recipients, recipients);
  const failed = recipients.map((_, index) => index);
  const commit = commitOf(chunkId, 'mine', { failed, open: [] });
  for (const it of commit.failures) Object.assign(it, recipients[it.index]);
  assert.equal((await store.commitChunk(commit)).kind, 'committed');
  const listed = await allFailures(store, id, 100);
  assert.deepEqual(
    listed.map((it) => [it.index, it.token]),
    recipients.map((it, index) => [index, it.token]),
  );
});

test('a commit in which everybody failed and is to be forgotten is one write', {
  skip,
}, async (t) => {
  const store = openStore(t);
  const people = Array.from({ length: 1_000 }, (_, n) => person(`device-${n}`));
  await store.putInstallations(people);
  const id = await running(store);
  const page = pageOf(id, [1_000], { last: true });
  await store.freezePage(page);
  const chunkId = page.chunks[0]!.id;
  await store.claimChunk(chunkId, leaseOf('mine'), NOW);
  const commit = commitOf(chunkId, 'mine', { failed: people.map((_, n) => n), open: [] });
  for (const it of commit.failures) it.reason = `Reason ${it.index}`;
  commit.forget = people.map((it) => ({ installationId: it.id, token: it.token, since: NOW }));
  assert.equal((await store.commitChunk(commit)).kind, 'committed');
  assert.equal(await store.estimateAudience('default', {}), 0);
  const { failed, reasons } = await store.counts(id);
  assert.equal(failed, 1_000);
  assert.equal(
    Object.values(reasons).reduce((sum, it) => sum + it, 0),
    1_000,
  );
});

test('a campaign of five hundred shards starts, and is counted', { skip }, async (t) => {
  const store = openStore(t);
  const id = await running(store, 500);
  const open = await store.openShards(id);
  assert.equal(open.length, 500);
  for (const [index, it] of open.entries())
    assert.deepEqual([it.index, it.to], [index, open[index + 1]?.from ?? BUCKETS]);
});

test('a large audience is not counted, but known by a share of it', { skip }, async (t) => {
  const project = freshProject();
  const store = openStore(t, emulator, { project });
  await store.putInstallations(
    Array.from({ length: 500 }, (_, n) =>
      person(`device-${n}`, { language: n < 90 ? 'de' : 'en' }),
    ),
  );
  const client = createClient({ project, emulator });
  t.after(() => client.close());
  const { installations } = createSchema(client.db);
  const about = (bounds?: { most: number; smallest: number }) =>
    aboutAll(client, installations, 'default', bounds);
  assert.equal(await about(), 500, 'few are counted');
  // of 1/64 of the buckets
  const many = await about({ most: 100, smallest: 100 });
  assert.ok(many % 64 === 0 && many > 100 && many < 2_000, `${many}`);
  assert.equal(await about({ most: 100, smallest: 5_000 }), 500);
  const german = installations.where('spoken', 'array-contains', 'de');
  assert.equal(await aboutAll(client, german, 'default'), 90);
});

test('no client of a web page or an app reads or writes anything', { skip }, async (t) => {
  const project = freshProject();
  const store = openStore(t, emulator, { project });
  const hash = 'f'.repeat(64);
  await store.putKey({ hash, name: 'ci', scopes: [] });
  const call = (path: string, init: RequestInit = {}) => fetch(`http://${emulator}/${path}`, init);
  const documents = `v1/projects/${project}/databases/(default)/documents`;
  assert.equal((await call(`${documents}/keys/${hash}`)).status, 200, 'open without rules');
  const content = readFileSync(new URL('../../../firestore.rules', import.meta.url), 'utf8');
  const rules = await call(`emulator/v1/projects/${project}:securityRules`, {
    method: 'PUT',
    headers: { authorization: 'Bearer owner' },
    body: JSON.stringify({ rules: { files: [{ name: 'firestore.rules', content }] } }),
  });
  assert.equal(rules.status, 200, await rules.text());
  for (const [path, init] of [
    [`${documents}/keys/${hash}`, {}],
    [`${documents}/installations`, {}],
    [`${documents}/keys?documentId=mine`, { method: 'POST', body: '{"fields":{}}' }],
    [`${documents}/keys/${hash}`, { method: 'DELETE' }],
  ] as const) {
    const { status } = await call(path, init);
    assert.equal(status, 403, path);
  }
  assert.equal((await store.findKey(hash))?.name, 'ci');
});

test('reasons are any words', { skip }, async (t) => {
  const store = openStore(t);
  const { chunkId, campaignId } = await lonelyChunk(store, 5);
  await store.claimChunk(chunkId, leaseOf('mine'), NOW);
  const commit = commitOf(chunkId, 'mine', { failed: [0, 1, 2, 3, 4], open: [] });
  const reasons = ['', '__name__', 'a.b `c` /d\\', '.', 'x'.repeat(5_000)];
  for (const it of commit.failures) it.reason = reasons[it.index]!;
  await store.commitChunk(commit);
  const counts = await store.counts(campaignId);
  assert.deepEqual(
    Object.keys(counts.reasons).toSorted(),
    reasons.map((it) => it.slice(0, 200)).toSorted(),
  );
  assert.deepEqual(
    (await allFailures(store, campaignId)).map((it) => it.reason),
    reasons,
  );
});

test('apps and installations have any names they are allowed', { skip }, async (t) => {
  const store = openStore(t);
  const apps = [
    'a',
    'a~b',
    'a~00000000',
    '__a',
    'a/b',
    '.',
    '..',
    'Zoë ✓',
    'A',
    '%61',
    'x'.repeat(64),
  ];
  const ids = ['.', '..', '__', 'b__', '__b__', ':', '-', 'x'.repeat(128)];
  const people = apps.flatMap((app) =>
    ids.map((id) =>
      person(id, { app, token: `token-of-${id}`, attributes: { __proto: 1, __x__: 'y' } }),
    ),
  );
  await store.putInstallations(people);
  for (const app of apps) {
    assert.equal(await store.estimateAudience(app, {}), ids.length);
    const found: string[] = [];
    for await (const page of store.streamAudience({
      app,
      audience: {},
      range: EVERYBODY,
      after: null,
      size: 5,
    }))
      found.push(...page.installations.map((it) => it.id));
    assert.deepEqual(
      found,
      ids.toSorted((a, b) => bucketOf(a) - bucketOf(b)),
      app,
    );
  }
  for (const it of people) assert.deepEqual(await store.getInstallation(it.app, it.id), it);
});

test('an id that no campaign can have finds none', { skip }, async (t) => {
  const store = openStore(t);
  for (const id of ['', '.', '..', 'a/b', 'a/b/c', '__x__', 'x'.repeat(2_000), 'a~b', '\ud800']) {
    assert.equal(await store.getCampaign(id), null);
    assert.equal(await store.getShard(id, 0), null);
    assert.deepEqual(await store.openShards(id), []);
    assert.equal((await store.counts(id)).recipients, 0);
    assert.deepEqual((await store.listFailures(id, null, 10)).items, []);
    assert.equal(
      await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: null }),
      null,
    );
    assert.equal((await store.claimChunk(`${id}.0.0.0`, leaseOf('x'), NOW)).kind, 'missing');
    await store.notePush(id, NOW);
    for await (const _ of store.openChunks(id, null)) assert.fail('nothing is open');
  }
});

test('cursors of other hands do no harm', { skip }, async (t) => {
  const store = openStore(t);
  const { campaignId } = await lonelyChunk(store, 1);
  for (const cursor of [
    '',
    '.',
    '-5.x',
    '1e300.x',
    '9999999999999999.~',
    'x/y.z',
    '~~~~.-1',
    '\ud800.3',
  ]) {
    for (const list of [
      () => store.listCampaigns(cursor, 10),
      () => store.listFailures(campaignId, cursor, 10),
    ]) {
      const answer = await list().catch((error) => error);
      assert.ok(answer instanceof BadCursor || Array.isArray(answer.items), `${answer}`);
    }
  }
});

test('each token’s document names the one installation that has it, after any mess', {
  skip,
}, async (t) => {
  const project = freshProject();
  const store = openStore(t, emulator, { project });
  const { below } = chance(5);
  const someone = () => `device-${below(8)}`;
  for (let round = 0; round < 8; round++)
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        if (below(5) === 0) return store.deleteInstallation('default', someone());
        const rows = Array.from({ length: 1 + below(4) }, () =>
          person(someone(), { token: `token-${below(8)}` }),
        );
        return store.putInstallations(rows);
      }),
    );
  const db = new Firestore({
    projectId: project,
    host: emulator,
    ssl: false,
    authClient: new PassThroughClient(),
  });
  t.after(() => db.terminate());
  const installations = (await db.collection('installations').get()).docs;
  const tokens = (await db.collection('tokens').get()).docs;
  assert.ok(installations.length > 0);
  assert.equal(new Set(installations.map((it) => it.get('token'))).size, installations.length);
  assert.deepEqual(
    tokens.map((it) => it.get('id')).toSorted(),
    installations.map((it) => it.id.split('~')[2]).toSorted(),
  );
  for (const it of installations) {
    const found: string[] = [];
    const audience = { tokens: [it.get('token')] };
    for await (const page of store.streamAudience({
      app: 'default',
      audience,
      range: EVERYBODY,
      after: null,
      size: 9,
    }))
      found.push(...page.installations.map((one) => one.id));
    assert.deepEqual(found, [it.id.split('~')[2]]);
  }
});
