/**
 * What has changed in a cell: the installations with a marker since then, as they are, and then the ids
 * of those that are gone. The order matters: an installation that is removed and comes back has a later
 * marker than its removal, so it is found as changed if it is there at that time.
 *
 * The markers are read in ascending order without an end, so an installation that changes meanwhile is
 * found again further on, and not missed.
 */

import type { Query, QuerySnapshot } from '@google-cloud/firestore';
import { type BucketRange, bucketOf } from '../../../model/bucket.ts';
import type { Client } from '../client.ts';
import {
  BY_NAME,
  END,
  type GoneFields,
  type InstallationFields,
  idOf,
  type Schema,
} from '../schema.ts';
import { toPageRow, versionOf } from './codec.ts';
import type { Changed, Overlay } from './lay-over.ts';
import { changedAt, markedSince } from './markers.ts';

export interface Changes {
  /** markers from then on (ms) were read */
  since: number;
  /** before anything of them was read (ms, Firestore's clock) */
  readAt: number;
  /** in the order of buckets */
  changed: [id: string, it: Changed][];
  gone: Gone[];
}

/** An installation that was removed; `at`: its marker (ms). */
interface Gone {
  id: string;
  bucket: number;
  at: number;
}

interface ChangesRead {
  app: string;
  cell: string;
  since: number;
  /** only what lies in it is kept */
  range: BucketRange;
  /** more changes than these are not read */
  most: number;
}

/** Null if there are more than `most`. `size`: documents of a query. */
export async function changesIn(
  client: Client,
  schema: Schema,
  { app, cell, since, range, most }: ChangesRead,
  size: number,
): Promise<Changes | null> {
  const [from, to] = markedSince(app, cell, since);
  const within = (bucket: number) => bucket >= range.from && bucket < range.to;
  const changed = new Map<string, Changed>();
  let readAt: number | null = null;
  let count = 0;
  const marked = schema.installations
    .orderBy('changed')
    .orderBy(BY_NAME)
    .startAt(from)
    .endBefore(to);
  for await (const found of answersOf(client, marked.limit(size))) {
    // to count them costs a thousandth of reading them
    const isMore = readAt === null && found.size === size && size < most;
    readAt ??= client.readAt(found);
    count += found.size;
    if (count > most) return null;
    if (isMore && (await countOf(client, marked.limit(most + 1))) > most) return null;
    for (const it of found.docs) {
      const { bucket, id } = idOf(it.id);
      if (!within(bucket)) continue;
      const fields = it.data() as InstallationFields;
      const row = fields.optedOut ? null : toPageRow(id, fields, versionOf(it));
      changed.set(id, { bucket, at: changedAt(fields.changed ?? ''), row });
    }
  }
  const gone = await goneFrom(client, schema, { app, cell, since }, size);
  return {
    since,
    readAt: readAt!,
    changed: [...changed].sort(([, a], [, b]) => a.bucket - b.bucket),
    gone: gone.filter((it) => within(it.bucket)),
  };
}

const countOf = async (client: Client, query: Query) =>
  (await client.read(() => query.count().get())).data().count;

/** What was removed of a cell since then, in the order of markers. */
export async function goneFrom(
  client: Client,
  schema: Schema,
  { app, cell, since }: Pick<ChangesRead, 'app' | 'cell' | 'since'>,
  size: number,
): Promise<Gone[]> {
  const [from, to] = markedSince(app, cell, since);
  const removed = schema.gone.orderBy(BY_NAME).startAt(from).endBefore(to).limit(size);
  const gone: Gone[] = [];
  for await (const { docs } of answersOf(client, removed))
    for (const it of docs) {
      const at = changedAt(it.id.slice(0, it.id.lastIndexOf(END)));
      for (const id of (it.data() as GoneFields).ids) gone.push({ id, bucket: bucketOf(id), at });
    }
  return gone;
}

/** The answers to a query, one after the other; an empty one, the last, too. */
async function* answersOf(client: Client, query: Query): AsyncGenerator<QuerySnapshot> {
  for (let next = query; ; ) {
    const found = await client.read(() => next.get());
    yield found;
    const last = found.docs.at(-1);
    if (!last) return;
    next = query.startAfter(last);
  }
}

/** The part of the changes that lies in a page. */
export function overlayIn({ changed, gone }: Changes, { from, to }: BucketRange): Overlay {
  let low = 0;
  let high = changed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (changed[middle]![1].bucket < from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < changed.length && changed[end]![1].bucket < to) end++;
  return {
    changed: new Map(changed.slice(low, end)),
    gone: new Map(
      gone.filter((it) => it.bucket >= from && it.bucket < to).map((it) => [it.id, it.at]),
    ),
  };
}
