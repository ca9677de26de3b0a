/** Freezing a page of a shard: its chunks, their recipients, and the shard's next position. */

import { randomUUID } from 'node:crypto';
import { FieldPath, FieldValue, type Transaction } from '@google-cloud/firestore';
import type { NewChunk } from '../../model/chunk.ts';
import type { FrozenPage, Store } from '../../ports/ports.ts';
import { MAX_BADGE } from '../counts.ts';
import { fromNewChunk } from './chunk-fields.ts';
import type { Client } from './client.ts';
import type { CloseShard } from './close.ts';
import { slotOf } from './counters.ts';
import type { FirestoreErase } from './erase.ts';
import { fromRecipients } from './recipients.ts';
import { type BadgeFields, dueOf, reasonKey, type Schema, type ShardFields } from './schema.ts';

const add = FieldValue.increment;

export function firestoreFreeze(
  client: Client,
  schema: Schema,
  closeShard: CloseShard,
  erase: Pick<FirestoreErase, 'late'>,
): Pick<Store, 'freezePage'> {
  /** Writes the page in one transaction. False if another planner was first. */
  function freeze(page: FrozenPage): Promise<boolean> {
    const ref = schema.shard(page.campaignId, page.shard);
    const call = randomUUID();
    return client.write(async (writes, attempt) => {
      // locked: the chunks are heavy. The lock of the erasures is shared, so planners do not wait for
      // each other
      const [found, erasures] = await writes.getAll(
        ref,
        ...(page.chunks.length > 0 ? [schema.erasures] : []),
      );
      const shard = found?.data() as ShardFields | undefined;
      if (attempt > 1 && shard?.frozenBy === call) return true;
      if (shard?.pages !== page.page || shard.planned) return false;
      const read = erase.late(page.chunks, erasures, page.now);
      const size = read.reduce((sum, chunk) => sum + chunk.recipients.length, 0);
      const chunks = await countedUp(writes, schema, read);
      const parts = Math.max(shard.parts ?? 0, page.chunks.length);
      const change = changeOf(page, { call, size, chunks: chunks.length, parts, due: ref.id });
      const [[field, value], ...more] = change as [(typeof change)[number]];
      writes.update(ref, field, value, ...more.flat());
      for (const [index, it] of chunks.entries()) {
        const slot = slotOf(shard.chunks + index, shard);
        writes.create(schema.chunk(it.id), fromNewChunk(it, slot, page));
        writes.create(schema.recipients(it.id), fromRecipients(it.recipients));
      }
      return true;
    });
  }

  return {
    async freezePage(page) {
      if (!(await freeze(page))) return { kind: 'stale' };
      if (!page.last) return { kind: 'frozen', campaignClosed: false };
      const closed = await closeShard(page.campaignId, page.shard, page.now, false);
      return { kind: 'frozen', campaignClosed: closed !== null };
    },
  };
}

/** What a page changes in its shard: pairs of a field and its value. */
function changeOf(
  page: FrozenPage,
  frozen: { call: string; size: number; chunks: number; parts: number; due: string },
): [string | FieldPath, unknown][] {
  const fields = {
    pages: page.page + 1,
    frozenBy: frozen.call,
    planned: page.last,
    ...(page.last && { plannedAt: page.now }),
    cursorBucket: page.cursor?.bucket ?? null,
    cursorId: page.cursor?.id ?? null,
    chunks: add(frozen.chunks),
    parts: frozen.parts,
    recipients: add(frozen.size + page.skipped),
    skipped: add(page.skipped),
    ...(page.leftOut && { leftOut: add(page.leftOut) }),
    ...(page.denied && { denied: add(page.denied) }),
    // also when it is planned: the sweep then checks that it is closed
    due: dueOf(frozen.due, page.dueAt),
  };
  const missing = Object.entries(page.missing ?? {}).map(([name, by]): [FieldPath, unknown] => [
    new FieldPath('missing', reasonKey(name)),
    add(by),
  ]);
  return [...Object.entries(fields), ...missing];
}

/** Counts the badges up, and gives the chunks with what each badge shows from now on. */
async function countedUp(
  writes: Transaction,
  schema: Schema,
  chunks: NewChunk[],
): Promise<NewChunk[]> {
  const refs = chunks.flatMap(({ app, recipients }) =>
    recipients.flatMap((it) =>
      it.badge === undefined ? [] : schema.badge(app, it.installationId),
    ),
  );
  if (refs.length === 0) return chunks;
  const found = await writes.getAll(...new Map(refs.map((it) => [it.id, it])).values());
  const counts = new Map(found.map((it) => [it.id, (it.get('count') ?? 0) as number]));
  const counted = chunks.map((chunk) => ({
    ...chunk,
    recipients: chunk.recipients.map((it) => {
      if (it.badge === undefined) return it;
      const { id } = schema.badge(chunk.app, it.installationId);
      const badge = Math.min(counts.get(id)! + it.badge, MAX_BADGE);
      counts.set(id, badge);
      return { ...it, badge };
    }),
  }));
  for (const { ref, id } of found)
    writes.set(ref, { count: counts.get(id)! } satisfies BadgeFields);
  return counted;
}
