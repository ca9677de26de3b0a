/** Frozen chunks: freeze, claim, commit. Every write checks that its owner still holds the lease. */

import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import type { Store } from '../../ports/ports.ts';
import { OPEN_FIELDS, toOpenChunk } from './chunk-fields.ts';
import { firestoreClaim } from './claim.ts';
import { unchanged } from './client.ts';
import { firestoreCommit, type Within } from './commit.ts';
import type { Context } from './context.ts';
import { documentsOf } from './documents.ts';
import { firestoreFreeze } from './freeze.ts';
import { dueOf, END, isId, openInOf } from './schema.ts';

/** Chunks that `openChunks` reads in one query. */
const OPEN_PAGE = 500;
/** Chunks that get another slot in one write, and how many such writes run side by side. */
const [MOVED_TOGETHER, MOVES_AT_ONCE] = [100, 4];

export function firestoreChunks(context: Context, within: Within) {
  const { client, schema } = context;
  const { closeShard, erase } = within;
  return {
    ...firestoreFreeze(context, closeShard, erase),
    ...firestoreClaim(client, schema, closeShard, erase),
    ...firestoreCommit(context, within),

    async *openChunks(campaignId, shard) {
      if (!isId(campaignId)) return;
      const start = openInOf(campaignId, shard);
      const query = schema.chunks
        .orderBy('openIn')
        .startAfter(start)
        .endBefore(`${start}${END}`)
        .select('openIn', ...OPEN_FIELDS)
        .limit(OPEN_PAGE);
      for await (const page of documentsOf(client, query)) yield page.map(toOpenChunk);
    },

    async moveChunks(chunks, now) {
      await each(chunked(chunks, MOVED_TOGETHER), MOVES_AT_ONCE, (some) =>
        client.write(async (writes) => {
          const refs = some.map((it) => schema.chunk(it.chunkId));
          const found = await client.get(refs, ['done', 'leaseUntil']);
          for (const [index, it] of found.entries()) {
            if (!it.exists || it.get('done') || it.get('leaseUntil') > now) continue;
            const { chunkId, dueAt, slot, task } = some[index]!;
            const due = dueOf(chunkId, dueAt);
            writes.update(
              it.ref,
              { due, ...(slot && { ...slot, releasedAt: null }), ...(task && { task }) },
              unchanged(it),
            );
          }
        }),
      );
    },
  } satisfies Partial<Store>;
}
