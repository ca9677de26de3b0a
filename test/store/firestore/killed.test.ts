/** A campaign whose process is killed between every two writes of the store: each recipient counts once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Store } from '../../../functions/ports/ports.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import { createSchema } from '../../../functions/store/firestore/schema.ts';
import {
  claimed,
  commitOf,
  leaseOf,
  MINUTE,
  NOW,
  pageOf,
  running,
} from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { emulator, openThroughProxy } from './emulated.ts';
import type { FirestoreProxy } from './proxy.ts';

const skip = withoutEmulators('firestore');

/** The process dies at the commit with this number: before it, or when it is written and not answered. */
function mortal(proxy: FirestoreProxy, number: number, when: 'before' | 'after') {
  let commits = 0;
  const life = { dead: false };
  proxy.fault = (call) => {
    if (life.dead) return { code: status.PERMISSION_DENIED, when: 'before' };
    if (call.method !== 'Commit' || ++commits < number) return null;
    life.dead = true;
    return { code: status.PERMISSION_DENIED, when };
  };
  return life;
}

/** Does what is left of a campaign, as a process would that begins at `now`. Sends each recipient once more. */
async function goOn(store: Store, id: string, now: number) {
  for (const shard of [0, 1]) {
    const { planned } = (await store.getShard(id, shard))!;
    const sizes = shard === 0 ? [2, 2] : [2];
    if (!planned) await store.freezePage(pageOf(id, sizes, { shard, last: true, now }));
  }
  for await (const some of store.openChunks(id, null))
    for (const { chunkId } of some) {
      const one = `one-${chunkId}-${now}`;
      const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf(one, now + MINUTE), now));
      const [first, ...rest] = chunk.open;
      const two = leaseOf(`two-${chunkId}-${now}`, now + MINUTE);
      const kept = { accepted: 1, open: rest, lease: { keep: two }, now };
      await store.commitChunk(commitOf(chunkId, one, kept));
      if (rest.length > 0)
        await store.commitChunk(commitOf(chunkId, two.id, { failed: rest, open: [], now }));
      assert.ok(first !== undefined);
    }
}

for (const when of ['before', 'after'] as const)
  test(`killed ${when} every single write, a campaign closes over all of its recipients`, {
    skip,
  }, async (t) => {
    const project = freshProject();
    const { store, proxy } = await openThroughProxy(t, { project });
    const client = createClient({ project, emulator });
    t.after(() => client.close());
    const schema = createSchema(client.db);
    let number = 1;
    for (let survived = false; !survived; number++) {
      const id = await running(store, 2);
      const life = mortal(proxy, number, when);
      await goOn(store, id, NOW).catch((error) => {
        if (!life.dead) throw error;
      });
      survived = !life.dead;
      proxy.fault = () => null;
      // the leases of the dead process are over, and its tasks are delivered again
      const later = NOW + 20 * MINUTE;
      await goOn(store, id, later);
      while ((await store.takeOverdue(later, later + MINUTE, 100)).length > 0);
      const { recipients, accepted, failed, skipped } = await store.counts(id);
      const told = `killed ${when} write ${number}: ${JSON.stringify({ accepted, failed })}`;
      assert.deepEqual([recipients, accepted + failed + skipped], [6, 6], told);
      assert.equal((await store.getCampaign(id))?.state, 'completed', told);
      for (const name of ['counters', 'recipients'] as const) {
        const { docs } = await client.db.collection(name).get();
        const left = docs.filter((it) => name === 'counters' || it.get('rest') !== undefined);
        assert.deepEqual(
          left.map((it) => it.id),
          [],
          told,
        );
      }
      assert.equal((await schema.shards.where('openOf', '==', id).get()).size, 0, told);
    }
    assert.ok(number > 12, `${number} writes`);
  });
