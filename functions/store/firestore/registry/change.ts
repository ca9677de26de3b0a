/**
 * One transaction that changes installations. It marks those that it writes and names those that it
 * removes, so that pages of the registry learn of both; see pages/markers.ts.
 */

import { randomUUID } from 'node:crypto';
import type { DocumentReference, DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import { cellOf, GONE_DAYS, goneName } from '../pages/markers.ts';
import { appOf, expiry, type GoneFields, idOf } from '../schema.ts';
import { type Left, writeLeft } from './former.ts';
import type { Registry } from './registry.ts';

export interface Change {
  registry: Registry;
  writes: Transaction;
  /**
   * The latest time (ms, Firestore's clock) at which it has read. Markers have it: the commit is not
   * earlier, and what the transaction has read it has read with all that was committed before.
   */
  readAt: number;
  /** Names of documents of installations that it removes. */
  gone: string[];
  /** Installations that it takes from their users. */
  left: Left[];
  /** Whether those that it removes may have badges; if not, none is deleted. */
  hasBadges: boolean;
}

/** Like `client.write`, for a transaction that only changes installations. */
export const changeInstallations = <T>(
  registry: Registry,
  work: (change: Change) => Promise<T>,
): Promise<T> => registry.client.write((writes) => changeWithin(registry, writes, work));

/** The same as a part of a transaction, which has not written anything before. */
export async function changeWithin<T>(
  registry: Registry,
  writes: Transaction,
  work: (change: Change) => Promise<T>,
  hasBadges = true,
): Promise<T> {
  const change: Change = { registry, writes, readAt: 0, gone: [], left: [], hasBadges };
  const result = await work(change);
  writeGone(change);
  writeLeft(registry, writes, change.left);
  return result;
}

/**
 * Reads within the transaction: nothing else changes these documents until it ends. All that a marker is
 * about must be read so. A commit whose transaction has read nothing carries no transaction id, and
 * may land at any time later.
 */
export async function readWithin(
  change: Change,
  refs: DocumentReference[],
  fields?: string[],
): Promise<DocumentSnapshot[]> {
  const { registry, writes } = change;
  if (refs.length === 0) return [];
  const found = await (fields
    ? writes.getAll(...refs, { fieldMask: fields })
    : writes.getAll(...refs));
  const times = found.map((it) => registry.client.readAt(it));
  change.readAt = times.reduce((a, b) => Math.max(a, b), change.readAt);
  return found;
}

/** One document for each cell that an installation is gone from. */
function writeGone({ registry, writes, readAt, gone }: Change) {
  const { schema } = registry;
  const cells = Map.groupBy(new Set(gone), (name) =>
    goneName(appOf(name), cellOf(idOf(name).bucket), readAt, ''),
  );
  for (const [begin, names] of cells)
    writes.create(schema.gone.doc(`${begin}${randomUUID()}`), {
      ids: names.map((it) => idOf(it).id),
      expireAt: expiry(readAt, GONE_DAYS),
    } satisfies GoneFields);
}
