/** Freezing a page of a shard: its chunks, their recipients, and the shard's next position. */

import { randomUUID } from 'node:crypto';
import { FieldPath, FieldValue, type Transaction } from '@google-cloud/firestore';
import type { FrozenPage, Store } from '../../ports/ports.ts';
import { namesIn } from '../cap-set.ts';
import { type CappedChunk, heldIn, settledIn, withCaps } from '../capped.ts';
import { MAX_BADGE } from '../counts.ts';
import { reserveAll } from './caps.ts';
import { fromFrozen } from './chunk-fields.ts';
import type { Client } from './client.ts';
import type { CloseShard } from './close.ts';
import type { Context } from './context.ts';
import { slotOf } from './counters.ts';
import type { FirestoreErase } from './erase.ts';
import { type BadgeFields, dueOf, reasonKey, type Schema, type ShardFields } from './schema.ts';
import { pagesOf, toPages } from './shards.ts';

const add = FieldValue.increment;

export function firestoreFreeze(
  { client, schema, retentionDays }: Pick<Context, 'client' | 'schema' | 'retentionDays'>,
  closeShard: CloseShard,
  erase: Pick<FirestoreErase, 'late'>,
): Pick<Store, 'freezePage'> {
  /** Writes the page in one transaction. */
  function freeze(page: FrozenPage) {
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
      if (attempt > 1 && shard?.frozenBy === call) return { kind: 'frozen' as const };
      if (!shard || pagesOf(shard) !== page.page || shard.planned)
        return { kind: 'stale' as const };
      const read = erase.late(page.chunks, erasures, page.now);
      const reserved = await reservedIn({ client, schema }, { ...page, chunks: read });
      if (reserved.kind === 'wide') return reserved;
      const chunks = read.map((it) => withCaps(it, reserved.over));
      const counted = await countedUp(writes, schema, chunks);
      reserved.write(writes);
      const parts = Math.max(shard.parts ?? 0, page.chunks.length);
      const change = changeOf(page, { call, chunks: counted, shard, parts, due: ref.id });
      const [[field, value], ...more] = change as [(typeof change)[number]];
      writes.update(ref, field, value, ...more.flat());
      for (const [index, it] of counted.entries()) {
        const slot = slotOf(shard.chunks + index, shard);
        const { fields, recipients } = fromFrozen(it, { slot, page, retentionDays });
        writes.create(schema.chunk(it.chunk.id), fields);
        writes.create(schema.recipients(it.chunk.id), recipients);
      }
      return { kind: 'frozen' as const, ...settledIn(counted) };
    });
  }

  return {
    async freezePage(page) {
      const frozen = await freeze(page);
      if (frozen.kind !== 'frozen') return frozen;
      const closed =
        page.last && (await closeShard(page.campaignId, page.shard, page.now, false)) !== null;
      return { ...frozen, campaignClosed: closed };
    },
  };
}

const NONE = { kind: 'reserved' as const, over: new Set<object>(), write() {} };

/** Nothing is read where no caps hold. */
function reservedIn(
  context: { client: Client; schema: Schema },
  { chunks, caps = [], now }: Pick<FrozenPage, 'chunks' | 'caps' | 'now'>,
) {
  const sent = chunks.filter((it) => !it.isLate);
  const app = sent[0]?.app;
  return caps.length > 0 && app !== undefined
    ? reserveAll(context, { app, names: namesIn(sent), caps, now })
    : NONE;
}

/** What a page changes in its shard: pairs of a field and its value. */
function changeOf(
  page: FrozenPage,
  frozen: { call: string; chunks: CappedChunk[]; shard: ShardFields; parts: number; due: string },
): [string | FieldPath, unknown][] {
  const sum = (of: (it: CappedChunk) => number) =>
    frozen.chunks.reduce((all, it) => all + of(it), 0);
  const size = sum((it) => it.chunk.recipients.length);
  const capped = sum((it) => it.capped);
  const late = sum((it) => it.late);
  const held = heldIn(frozen.chunks);
  const settled = frozen.chunks.filter((it) => it.isSettled).length;
  const fields = {
    pages: toPages(page.page + 1, frozen.shard),
    frozenBy: frozen.call,
    planned: page.last,
    ...(page.last && { plannedAt: page.now }),
    cursorBucket: page.cursor?.bucket ?? null,
    cursorId: page.cursor?.id ?? null,
    chunks: add(frozen.chunks.length),
    parts: frozen.parts,
    recipients: add(size + page.skipped),
    skipped: add(page.skipped + capped + late),
    ...(capped > 0 && { capped: add(capped) }),
    ...(late > 0 && { late: add(late) }),
    ...(held && {
      held: add(held.recipients),
      heldUntil: Math.max(frozen.shard.heldUntil ?? 0, held.until),
    }),
    ...(settled > 0 && { chunksDone: add(settled) }),
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
  chunks: CappedChunk[],
): Promise<CappedChunk[]> {
  const refs = chunks.flatMap(({ chunk: { app, recipients } }) =>
    recipients.flatMap((it) =>
      it.badge === undefined ? [] : schema.badge(app, it.installationId),
    ),
  );
  if (refs.length === 0) return chunks;
  const found = await writes.getAll(...new Map(refs.map((it) => [it.id, it])).values());
  const counts = new Map(found.map((it) => [it.id, (it.get('count') ?? 0) as number]));
  const counted = chunks.map(({ chunk, ...rest }) => ({
    ...rest,
    chunk: {
      ...chunk,
      recipients: chunk.recipients.map((it) => {
        if (it.badge === undefined) return it;
        const { id } = schema.badge(chunk.app, it.installationId);
        const badge = Math.min(counts.get(id)! + it.badge, MAX_BADGE);
        counts.set(id, badge);
        return { ...it, badge };
      }),
    },
  }));
  for (const { ref, id } of found)
    writes.set(ref, { count: counts.get(id)! } satisfies BadgeFields);
  return counted;
}
