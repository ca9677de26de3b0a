/**
 * What is kept of devices for caps: sets of ranges of buckets. A set has what lies from its start to that of
 * the next one, so a set that is deleted leaves its range to the one before it.
 */

import type { Cap } from '../../model/app-policy.ts';
import { bucketIn } from '../../model/receipt.ts';
import type { Database } from '../../sqlite/database.ts';
import { type CapSet, cut, namesOf, reserve, setExpiry, withoutTimes } from '../cap-set.ts';
import { type Device, wasTheirs } from '../erasure.ts';

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
  /** ascending */
  names: string[];
  caps: readonly Cap[];
  /** ms since the epoch */
  now: number;
}

/** Reserves a push to each, in the transaction that freezes it. Gives the names of those over a cap. */
export function reserveAll(db: Database, { app, names, caps, now }: Reserving): Set<string> {
  const all = new Set<string>();
  const put = db.sql('INSERT OR REPLACE INTO caps VALUES (?, ?, ?, ?)');
  for (let from = 0; from < names.length; ) {
    const before = setBefore(db, app, bucketIn(names[from]!)) ?? { start: 0, set: Buffer.alloc(0) };
    const end = endOf(db, app, before.start);
    let to = from;
    while (to < names.length && bucketIn(names[to]!) < end) to += 1;
    const { set, capped } = reserve(before.set, names.slice(from, to), { caps, now });
    for (const it of capped) all.add(it);
    // else nothing was reserved
    if (capped.length < to - from)
      for (const it of cut({ start: before.start, set }))
        put.run(app, it.start, it.set, setExpiry(caps, now));
    from = to;
  }
  return all;
}

/** Erases what is kept of devices for the time when they were the user's. */
export function eraseCaps(db: Database, devices: readonly Device[]) {
  for (const device of devices)
    for (const name of namesOf(device)) {
      const { app } = device;
      const found = setBefore(db, app, bucketIn(name));
      if (!found) continue;
      const { start, set } = found;
      const rest = withoutTimes(set, name, (at) => wasTheirs(device, at));
      if (rest.length < set.length)
        db.sql('UPDATE caps SET packed = ? WHERE app = ? AND start = ?').run(rest, app, start);
    }
}

/** Deletes at most `limit` sets that no cap counts any more. True if there may be more. */
export const expireCaps = ({ sql }: Pick<Database, 'sql'>, now: number, limit: number): boolean =>
  sql(
    `DELETE FROM caps WHERE (app, start) IN
       (SELECT app, start FROM caps WHERE expires_at < ? LIMIT ?)`,
  ).run(now, limit).changes === limit;
