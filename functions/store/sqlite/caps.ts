/**
 * What is kept of devices for caps: sets of ranges of buckets. A set has what lies from its start to that of
 * the next one, so a set that is deleted leaves its range to the one before it.
 */

import type { Cap } from '../../model/app-policy.ts';
import type { Database } from '../../sqlite/database.ts';
import {
  between,
  type CapSet,
  cut,
  endIn,
  type Names,
  namesOf,
  reserve,
  setExpiry,
  withoutTimes,
} from '../cap-set.ts';
import { type Device, wasTheirs } from '../erasure.ts';

/**
 * Bytes of a set: 400 installations at most. A page of all devices takes as long with sets five times as
 * large, but few recipients, each in a set of its own, write less.
 */
const MOST_BYTES = 8_000;

interface Row {
  start: number;
  packed: Uint8Array;
}

const setBefore = ({ sql }: Database, app: string, bucket: number): CapSet | null => {
  const row = sql<Row>(
    'SELECT start, packed FROM caps WHERE app = ? AND start <= ? ORDER BY start DESC LIMIT 1',
  ).get(app, bucket);
  return row ? { start: row.start, set: Buffer.from(row.packed) } : null;
};

/** The first bucket of the set after this one. */
const endOf = ({ sql }: Database, app: string, start: number) =>
  sql<{ start: number }>(
    'SELECT start FROM caps WHERE app = ? AND start > ? ORDER BY start LIMIT 1',
  ).get(app, start)?.start ?? Number.POSITIVE_INFINITY;

interface Reserving {
  app: string;
  names: Names;
  caps: readonly Cap[];
  /** ms since the epoch */
  now: number;
}

/** Reserves a push to each, in the transaction that freezes it. Gives the recipients over a cap. */
export function reserveAll(db: Database, { app, names, caps, now }: Reserving): Set<object> {
  const all = new Set<object>();
  const put = db.sql('INSERT OR REPLACE INTO caps VALUES (?, ?, ?, ?)');
  const { buckets } = names;
  for (let from = 0; from < buckets.length; ) {
    const before = setBefore(db, app, buckets[from]!) ?? { start: 0, set: Buffer.alloc(0) };
    const to = endIn(names, from, endOf(db, app, before.start));
    const { set, capped } = reserve(before.set, between(names, from, to), { caps, now });
    for (const it of capped) all.add(it);
    // else nothing was reserved
    if (capped.length < to - from)
      for (const it of cut({ start: before.start, set }, MOST_BYTES))
        put.run(app, it.start, it.set, setExpiry(caps, now));
    from = to;
  }
  return all;
}

/** Erases what is kept of devices for the time when they were the user's. */
export function eraseCaps(db: Database, devices: readonly Device[]) {
  for (const device of devices) {
    const { app } = device;
    const names = namesOf(device);
    for (const bucket of names.buckets) {
      const found = setBefore(db, app, bucket);
      if (!found) continue;
      const { start, set } = found;
      const rest = withoutTimes(set, names, (at) => wasTheirs(device, at));
      if (rest.length < set.length)
        db.sql('UPDATE caps SET packed = ? WHERE app = ? AND start = ?').run(rest, app, start);
    }
  }
}

/** Deletes at most `limit` sets that no cap counts any more. True if there may be more. */
export const expireCaps = ({ sql }: Pick<Database, 'sql'>, now: number, limit: number): boolean =>
  sql(
    `DELETE FROM caps WHERE (app, start) IN
       (SELECT app, start FROM caps WHERE expires_at < ? LIMIT ?)`,
  ).run(now, limit).changes === limit;
