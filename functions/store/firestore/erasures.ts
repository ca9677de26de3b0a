/**
 * Devices that were erased in the last minutes. A planner that read one of them before the erasure
 * leaves it out when it freezes the page.
 */

import { type DocumentSnapshot, FieldPath, FieldValue } from '@google-cloud/firestore';
import { Unavailable } from '../../lib/errors.ts';
import type { NewChunk } from '../../model/chunk.ts';
import { LATE_MS, withoutErased } from '../erasure.ts';
import { type Client, unchanged } from './client.ts';
import { digest, type ErasuresFields, expiryAt, type Schema } from './schema.ts';

/** Most entries of the document: it holds 1 MiB. */
const MAX_RECENT = 15_000;

/** Entries whose time is over that the document keeps; from more on they are deleted. */
const MAX_PAST = 1_000;

type Entry = [key: string, until: number];

const entriesOf = (found: DocumentSnapshot | undefined): Entry[] =>
  Object.entries((found?.data() as ErasuresFields | undefined)?.until ?? {});

/**
 * Notes erased devices, by `deviceKey` or `bareKey`, before frozen chunks are searched for them: a page
 * frozen after that does not have them. Many users may be erased in the same second, so each call only
 * adds to the document, without a precondition. Throws `Unavailable` when the document is full.
 */
export async function rememberErased(
  client: Client,
  { erasures }: Pick<Schema, 'erasures'>,
  keys: string[],
  now: number,
): Promise<void> {
  if (keys.length === 0) return;
  const [found] = await client.get([erasures]);
  const all = entriesOf(found);
  const past = all.filter(([, until]) => until <= now);
  if (all.length - past.length + keys.length > MAX_RECENT)
    throw new Unavailable(
      'too many installations were erased in ten minutes; try again in ten minutes',
    );
  if (found && past.length > MAX_PAST) await forgetPast(client, found, past);
  const until = Object.fromEntries(keys.map((it) => [digest(it), now + LATE_MS]));
  // clocks differ: not before the last of those that others have added
  const last = Math.max(now + LATE_MS, ...all.map(([, it]) => it));
  await client.write(async (writes) => {
    const fields: ErasuresFields = { until, expireAt: expiryAt(last + LATE_MS) };
    writes.set(erasures, fields, { merge: true });
  });
}

/** Does nothing if the document has changed since it was found: the next erasure deletes them. */
const forgetPast = (client: Client, found: DocumentSnapshot, past: Entry[]) =>
  client.write(async (writes, attempt) => {
    if (attempt > 1) return;
    const fields = past.map(([key]) => new FieldPath('until', key));
    const [first, ...more] = fields.flatMap((it) => [it, FieldValue.delete()]);
    writes.update(found.ref, first as FieldPath, more[0], ...more.slice(1), unchanged(found));
  });

/** The chunks of a page without erased devices; `erasures` is the document as the freeze locked it. */
export function withoutRecent(
  chunks: NewChunk[],
  erasures: DocumentSnapshot | undefined,
  now: number,
): NewChunk[] {
  const recent = entriesOf(erasures).filter(([, until]) => until > now);
  if (recent.length === 0) return chunks;
  const known = new Set(recent.map(([key]) => key));
  return withoutErased(chunks, (key) => known.has(digest(key)));
}
