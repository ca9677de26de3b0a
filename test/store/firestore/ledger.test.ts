/**
 * Random lives of chunks, of this version and of the one before: claimed, committed in parts, let go, left
 * by a process that died, with users erased in between and answers lost. The ledger closes over all, and
 * outcomes, recipients and counters say the same.
 */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { FieldValue } from '@google-cloud/firestore';
import { status } from '@grpc/grpc-js';
import { BUCKETS } from '../../../functions/model/bucket.ts';
import type { Chunk } from '../../../functions/model/chunk.ts';
import type { ChunkFields } from '../../../functions/store/firestore/schema.ts';
import {
  allFailures,
  chance,
  chunkOf,
  commitOf,
  leaseOf,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { emulator } from './emulated.ts';
import { openPaged, type Paged } from './pages/paged.ts';
import { startProxy } from './proxy.ts';

const skip = withoutEmulators('firestore');

const [PEOPLE, STEPS, SIZE] = [48, 60, 6];

/** The chunk as the version before froze it. */
async function asBefore({ schema }: Paged, chunk: ReturnType<typeof chunkOf>) {
  const lines = chunk.recipients.map((one) => `${one.installationId}\t${one.token}\n`);
  await schema
    .chunk(chunk.id)
    .update({ recipients: lines.join(''), left: null, doubtful: '[]', slot: FieldValue.delete() });
  await schema.recipients(chunk.id).delete();
}

async function begin(t: TestContext, seed: number) {
  const { below, pick } = chance(seed);
  const proxy = await startProxy(emulator, t);
  const it = openPaged(t, { now: () => NOW }, proxy.host);
  const { store } = it;
  const people = Array.from({ length: PEOPLE }, (_, n) =>
    person(`device-${n}`, { userId: `user-${n % 20}` }),
  );
  await store.putInstallations(people);
  const id = await running(store, 2, { createdAt: Math.min(NOW, Date.now()) - MINUTE });
  const chunkIds: string[] = [];
  for (const shard of [0, 1]) {
    const theirs = people.filter((one) => Math.floor(one.bucket / (BUCKETS / 2)) === shard);
    const chunks = Array.from({ length: Math.ceil(theirs.length / SIZE) }, (_, part) =>
      chunkOf(id, [shard, 0, part], 0, {
        recipients: theirs
          .slice(part * SIZE, (part + 1) * SIZE)
          .map((one) => ({ installationId: one.id, token: one.token })),
      }),
    );
    await store.freezePage({ ...pageOf(id, [], { shard, last: true }), chunks });
    for (const chunk of chunks) if (below(3) === 0) await asBefore(it, chunk);
    chunkIds.push(...chunks.map((chunk) => chunk.id));
  }
  const held = new Map<string, { chunk: Chunk; lease: string }>();
  const erased = new Set<string>();
  let [now, leases] = [NOW, 0];

  async function claim() {
    const chunkId = pick(chunkIds);
    const lease = `lease-${++leases}`;
    const claim = await store.claimChunk(chunkId, leaseOf(lease, now + MINUTE), now);
    if (claim.kind === 'claimed') held.set(chunkId, { chunk: claim.chunk, lease });
  }

  async function commit() {
    const [chunkId, one] = [...held][below(held.size)] ?? [];
    if (!chunkId || !one) return;
    const { chunk, lease } = one;
    const told = {
      accepted: 0,
      failed: [] as number[],
      skipped: [] as number[],
      open: [] as number[],
    };
    for (const index of chunk.open) {
      const dice = below(6);
      if (dice < 2) told.accepted++;
      else if (dice === 2) told.failed.push(index);
      else if (dice === 3) told.skipped.push(index);
      else told.open.push(index);
    }
    const inDoubt = told.open.filter(() => below(2) === 0);
    const keep = below(2) === 0 && told.open.length > 0 ? `lease-${++leases}` : null;
    const { kind } = await store.commitChunk(
      commitOf(chunkId, lease, {
        ...told,
        inDoubt,
        now,
        lease: keep
          ? { keep: leaseOf(keep, now + MINUTE) }
          : { release: true, notBefore: now, stalled: 0 },
      }),
    );
    if (kind === 'committed' && keep)
      held.set(chunkId, { chunk: { ...chunk, open: told.open }, lease: keep });
    else held.delete(chunkId);
  }

  async function erase() {
    const user = `user-${below(20)}`;
    await store.eraseUser(user, now);
    for (const one of people) if (one.userId === user) erased.add(one.id);
  }

  const acts = [claim, claim, claim, commit, commit, commit, erase];
  return {
    it,
    id,
    chunkIds,
    erased,
    total: PEOPLE,
    async step() {
      if (below(5) === 0) {
        let commits = below(3);
        proxy.fault = (call) =>
          call.method === 'Commit' && commits-- === 0
            ? { code: status.UNAVAILABLE, when: below(2) === 0 ? 'after' : 'before' }
            : null;
      }
      if (below(6) === 0) now += 2 * MINUTE;
      await pick(acts)();
      proxy.fault = () => null;
    },
    async end() {
      now += 10 * MINUTE;
      for (const chunkId of chunkIds) {
        const claim = await store.claimChunk(chunkId, leaseOf('probe', now), now - 1);
        if (claim.kind === 'claimed')
          await store.commitChunk(
            commitOf(chunkId, 'probe', { accepted: claim.chunk.open.length, open: [], now }),
          );
      }
    },
  };
}

for (const seed of [1, 2, 3])
  test(`random lives of chunks (seed ${seed})`, { skip }, async (t) => {
    const life = await begin(t, seed);
    for (let n = 0; n < STEPS; n++) await life.step();
    await life.end();
    const { it, id, chunkIds, erased, total } = life;
    assert.equal((await it.store.getCampaign(id))?.state, 'completed', `seed ${seed}`);
    const { recipients, accepted, failed, skipped } = await it.store.counts(id);
    assert.equal(recipients, total);
    const letters = { a: 0, r: 0, s: 0 } as Record<string, number>;
    for (const chunkId of chunkIds) {
      const { outcomes } = (await it.schema.chunk(chunkId).get()).data() as ChunkFields;
      for (const letter of zstdDecompressSync(outcomes!).toString())
        letters[letter] = (letters[letter] ?? 0) + 1;
      const kept = (await it.schema.recipients(chunkId).get()).data()!;
      assert.deepEqual(Object.keys(kept).toSorted(), ['expireAt', 'ids'], chunkId);
      const ids = zstdDecompressSync(kept.ids).toString().split('\n');
      assert.deepEqual(
        ids.filter((one) => erased.has(one)),
        [],
        chunkId,
      );
    }
    assert.deepEqual(letters, { a: accepted, r: failed, s: skipped });
    assert.equal(accepted + failed + skipped, total);
    assert.equal((await it.db.collection('counters').get()).size, 0);
    const named = (await allFailures(it.store, id)).map((one) => one.installationId);
    assert.deepEqual(
      named.filter((one) => erased.has(one)),
      [],
    );
    t.diagnostic(
      `${accepted} accepted, ${failed} failed, ${skipped} skipped, ${erased.size} erased`,
    );
  });
