/** An audience that is restricted to time zones, such as a wave, as it is read from the copy in their order. */

import type { SQLOutputValue } from 'node:sqlite';
import type { Cursor } from '../../model/bucket.ts';
import type { Audience } from '../../model/schemas/audience.ts';
import type { AudienceRead } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import {
  type AudienceQuery,
  COLUMNS,
  columnsOf,
  conditionsOf,
  isAbout,
  reader,
  selected,
} from './audience-query.ts';
import { zoneSizes } from './zone-copy.ts';

/** Which zones an audience has, of those of its app. */
export interface Zones {
  /** '' for installations that tell none */
  names: string[];
  /** installations in them, and in all zones */
  size: number;
  total: number;
  /** what the audience asks beside its zones */
  others: Audience;
}

/** Null if the audience is in no particular zones. */
export function zonesIn(db: Database, app: string, audience: Audience): Zones | null {
  const { isIn, others } = split(audience);
  if (isIn.length === 0) return null;
  const all = zoneSizes(db, app).filter((it) => it.size > 0);
  const some = all.filter(({ zone }) => isIn.every((it) => it(zone)));
  const sum = (of: typeof all) => of.reduce((size, it) => size + it.size, 0);
  return { names: some.map((it) => it.zone), size: sum(some), total: sum(all), others };
}

/** The conditions on zones that all of its installations keep, and the other conditions. */
function split({ timeZone, not, and, ...own }: Audience): {
  isIn: ((zone: string) => boolean)[];
  others: Audience;
} {
  const inner = and?.map(split) ?? [];
  const except = not && onlyZones(not);
  return {
    isIn: [
      ...(timeZone ? [(zone: string) => timeZone.includes(zone)] : []),
      ...(except ? [(zone: string) => !except.includes(zone)] : []),
      ...inner.flatMap((it) => it.isIn),
    ],
    others: {
      ...own,
      ...(not && !except && { not }),
      ...(and && { and: inner.map((it) => it.others) }),
    },
  };
}

function onlyZones(audience: Audience): string[] | undefined {
  const { timeZone, ...rest } = audience;
  return Object.values(rest).every((it) => it === undefined) ? timeZone : undefined;
}

/** Installations of a window, about: 10 ms. */
const WINDOW = 4_000;
/** The least of each zone: a query for fewer takes longer than they do. */
const OF_ZONE = 50;

/**
 * All of a window is read in one go, zone by zone, and put in order here: SQLite takes five times as long, since
 * it moves whole rows. So the name of a zone is one string, and not one for each row. What the copy has not is
 * looked up in `installations`.
 */
export function zonedQueryOf(
  db: Database,
  { app, carried = [] }: AudienceRead,
  { names, size, others }: Zones,
): AudienceQuery {
  const { text, values, rest } = conditionsOf(others);
  const columns = columnsOf(rest, carried);
  const isInCopy = COLUMNS.every(
    (it) => IN_COPY.has(it) || !(columns.includes(it) || isAbout(others, it)),
  );
  const selectedOnes = columns.filter((it) => it !== 'timeZone');
  const place = 'app = ? AND zone = ? AND (bucket, id) > (?, ?) AND bucket < ?';
  const from = isInCopy
    ? `zone_rows WHERE ${place}`
    : `installations WHERE app = ? AND (bucket, id) IN (SELECT bucket, id FROM zone_rows WHERE ${place})`;
  const statement = `SELECT ${selected(selectedOnes)}, NULL FROM ${from} AND opted_out = 0 AND ${text}`;
  const apps = isInCopy ? [app] : [app, app];
  const rowsIn = (zone: string, { bucket, id }: Cursor, end: number) => {
    const rows = db.sql(statement).lists(...apps, zone, bucket, id, end, ...values);
    if (zone !== '') for (const row of rows) row[row.length - 1] = zone;
    return rows;
  };
  return {
    rest,
    read: reader(columns.includes('timeZone') ? [...selectedOnes, 'timeZone'] : selectedOnes),
    share: Math.min(1, Math.max(WINDOW, OF_ZONE * names.length) / Math.max(1, size)),
    rowsOf: (after, end) => names.flatMap((zone) => rowsIn(zone, after, end)).sort(byPlace),
  };
}

/** Fields of an installation that are columns of the copy. */
const IN_COPY: ReadonlySet<string> = new Set([
  ...['platform', 'language', 'timeZone', 'country', 'permission', 'optedOutOf', 'appVersion'],
  ...['movedAt', 'tags', 'attributes'],
]);

/** Ids are ASCII: they are in the same order here as in SQLite. */
const byPlace = ([a, x]: SQLOutputValue[], [b, y]: SQLOutputValue[]) =>
  (a as number) - (b as number) || ((x as string) < (y as string) ? -1 : 1);
