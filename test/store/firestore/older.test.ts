/** Chunks that an older version has frozen: recipients in the chunk, counts in the shard. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import { createSchema, dueOf, openInOf } from '../../../functions/store/firestore/schema.ts';
import {
  claimed,
  commitOf,
  finish,
  leaseOf,
  MINUTE,
  NOW,
  person,
  running,
} from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { emulator, openStore } from './emulated.ts';

const skip = withoutEmulators('firestore');

const lineOf = (id: string) => `${id}\ttoken-of-${id}\n`;

/** A running campaign of two shards; each has one chunk, as the version before wrote them. */
async function older(t: TestContext, both: [string[], string[]]) {
  const project = freshProject();
  const store = openStore(t, undefined, { project });
  const client = createClient({ project, emulator });
  t.after(() => client.close());
  const schema = createSchema(client.db);
  const id = await running(store, 2, { createdAt: Math.min(NOW, Date.now()) - MINUTE });
  const chunkIds: string[] = [];
  for (const [shard, ids] of both.entries()) {
    const chunkId = `${id}.${shard}.0.0`;
    chunkIds.push(chunkId);
    const { openOf: _, slots: _slots, ...fields } = (await schema.shard(id, shard).get()).data()!;
    await schema.shard(id, shard).set({
      ...fields,
      pages: 1,
      planned: true,
      chunks: 1,
      parts: 1,
      recipients: ids.length,
      ...(shard === 1 && { accepted: 1 }),
    });
    await schema.chunk(chunkId).set({
      id: chunkId,
      campaignId: id,
      shard,
      app: 'default',
      provider: 'fcm',
      environment: 'production',
      size: ids.length,
      recipients: ids.map(lineOf).join(''),
      // of the second one has its outcome, and one is in doubt
      left: shard === 0 ? null : JSON.stringify(ids.map((_, i) => i).slice(1)),
      doubtful: shard === 0 ? '[]' : '[1]',
      attempt: shard,
      notBefore: 0,
      expiresAt: NOW + 60 * MINUTE,
      leaseId: null,
      leaseUntil: 0,
      done: false,
      openIn: openInOf(id, shard, chunkId),
      due: dueOf(chunkId, NOW + 15 * MINUTE),
    });
  }
  return { store, schema, id, chunkIds: chunkIds as [string, string] };
}

test('chunks of an older version are sent, counted and settled', { skip }, async (t) => {
  const ids = ['a', 'b', 'c'];
  const { store, schema, id, chunkIds } = await older(t, [ids, ids]);
  const [first, second] = chunkIds;
  const recipients = ids.map((it) => ({ installationId: it, token: `token-of-${it}` }));
  const { chunk } = claimed(await store.claimChunk(second, leaseOf('mine'), NOW));
  assert.deepEqual([chunk.open, chunk.inDoubt, chunk.attempt], [[1, 2], [1], 1]);
  assert.deepEqual(chunk.recipients, recipients);
  const keep = { keep: leaseOf('next') };
  await store.commitChunk(commitOf(second, 'mine', { failed: [1], open: [2], lease: keep }));
  assert.equal((await store.counts(id)).failed, 1);
  await store.commitChunk(commitOf(second, 'next', { accepted: 1, open: [] }));
  assert.equal((await store.getCampaign(id))?.state, 'running');
  const closed = await finish(store, first);
  assert.equal(closed.kind === 'committed' && closed.campaignClosed, true);
  const { accepted, failed } = await store.counts(id);
  assert.deepEqual([accepted, failed], [5, 1]);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  for (const chunkId of chunkIds) {
    const [settled, kept] = await Promise.all([
      schema.chunk(chunkId).get(),
      schema.recipients(chunkId).get(),
    ]);
    assert.equal(settled.get('recipients'), undefined);
    assert.deepEqual(Object.keys(kept.data()!).toSorted(), ['expireAt', 'ids']);
  }
});

for (const isSent of [false, true])
  test(`an erasure takes recipients out of a chunk of an older version ${isSent ? 'that is being sent' : 'that waits'}`, {
    skip,
  }, async (t) => {
    const ids = ['first', 'phone', 'last'];
    const shard = bucketOf('phone') < BUCKETS / 2 ? 0 : 1;
    const others = ['x', 'y', 'z'];
    const { store, schema, id, chunkIds } = await older(
      t,
      shard === 0 ? [ids, others] : [others, ids],
    );
    await store.putInstallations([person('phone', { userId: 'ada' })]);
    const [chunkId, other] = shard === 0 ? chunkIds : [chunkIds[1], chunkIds[0]];
    if (isSent) claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
    assert.equal((await store.eraseUser('ada', NOW)).recipients, 1);
    // once more, as after an interruption
    await store.eraseUser('ada', NOW);
    if (!isSent) {
      const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
      assert.deepEqual(chunk.open, shard === 0 ? [0, 2] : [2]);
      assert.deepEqual(chunk.recipients[1], { installationId: '', token: '' });
      assert.deepEqual(chunk.recipients[2], { installationId: 'last', token: 'token-of-last' });
    }
    const left = isSent ? [1, 2] : [2];
    const open = shard === 0 ? [0, ...left] : left;
    await store.commitChunk(commitOf(chunkId, 'mine', { accepted: open.length, open: [] }));
    await finish(store, other);
    const kept = (await schema.recipients(chunkId).get()).data()!;
    assert.deepEqual(Object.keys(kept).toSorted(), ['expireAt', 'ids']);
    assert.equal(zstdDecompressSync(kept.ids).toString(), 'first\n\nlast\n');
    const counts = await store.counts(id);
    assert.equal(counts.recipients, counts.accepted + counts.failed + counts.skipped);
    assert.equal((await store.getCampaign(id))?.state, 'completed');
  });
