/** Audiences: what SQL can decide is decided there, the rest while the rows are read. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { matches } from '../../model/audience/matches.ts';
import { BUCKETS } from '../../model/bucket.ts';
import type { Reached } from '../../model/installation.ts';
import type { Permission, Platform } from '../../model/platform.ts';
import type { AudiencePage, AudienceRead, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { type PastReader, type PastSource, pastFor } from '../past.ts';
import { holes, naming, positionOf, queryOf } from './audience-query.ts';
import { isCountableWhole, sample, sizeOf, WHOLE } from './audience-sample.ts';
import { bucketsOf } from './lookups.ts';
import { build, isBuilt, noteUse, zoneSizes } from './zone-copy.ts';
import { type Zones, zonedQueryOf, zonesIn } from './zoned.ts';

/** Rows read in one query if each must still be matched: about 20 ms. */
const LOOKED_AT = 4_000;

export function sqliteAudiences(db: Database, source: PastSource, now: () => number) {
  const { sql } = db;
  const stream = async function* (read: AudienceRead) {
    const past = pastFor(source, read.audience);
    try {
      yield* streamed(db, read, { past, now });
    } finally {
      await past.close();
    }
  };
  return {
    estimateAudience: async (app, audience) => sizeOf(db, app, audience),

    countsExactly: isCountableWhole,

    streamAudience: stream,

    async sampleAudience(read) {
      if (!naming(read.audience)) {
        const past = pastFor(source, read.audience);
        return sample(db, read, past).finally(past.close);
      }
      const installations: Reached[] = [];
      const all = { ...read, range: { from: 0, to: BUCKETS }, after: null, size: LOOKED_AT };
      for await (const page of stream(all)) installations.push(...page.installations);
      const { length } = installations;
      return { ...WHOLE, installations, looked: length, counted: length };
    },

    countKinds: async (app) =>
      sql<KindRow>(
        `SELECT platform, language, permission, opted_out, size FROM installation_counts
         WHERE app = ? AND size > 0`,
      )
        .all(app)
        .map(({ platform, language, permission, opted_out, size }) => ({
          platform,
          language: language === '' ? null : language,
          permission: permission === '' ? null : permission,
          optedOut: opted_out === 1,
          size,
        })),

    zonesOf: async (app) =>
      zoneSizes(db, app).flatMap(({ zone, size }) => (zone !== '' && size > 0 ? [zone] : [])),

    pagesState: async () => [],

    async registeredTokens(app, tokens) {
      const rows = sql<{ token: string }>(
        `SELECT token FROM installations
         WHERE app = ? AND bucket IN (SELECT value FROM json_each(?)) AND token IN (${holes(tokens)})`,
      ).all(app, JSON.stringify(bucketsOf(db, 'tokens', app, tokens)), ...tokens);
      return rows.map((row) => row.token);
    },
  } satisfies Partial<Store>;
}

interface KindRow {
  platform: Platform;
  language: string;
  permission: Permission | '';
  opted_out: 0 | 1;
  size: number;
}

/** A wave of a larger part of an app is not worth a copy. */
const SMALL = 1 / 4;

/** Whether an audience in these zones is read from the copy: if it is there, or is to be made. */
function readsCopy(db: Database, read: AudienceRead, { size, total }: Zones): boolean {
  if (naming(read.audience)) return false;
  if (read.isOfWave && size <= total * SMALL) return true;
  return size < total && isBuilt(db, read.app, read.range.to);
}

async function* streamed(
  db: Database,
  read: AudienceRead,
  { past, now }: { past: PastReader; now: () => number },
): AsyncGenerator<AudiencePage> {
  const { range, after, size } = read;
  const zones = read.movedSince === undefined ? zonesIn(db, read.app, read.audience) : null;
  if (zones?.names.length === 0) return;
  const isZoned = zones !== null && readsCopy(db, read, zones);
  const query = isZoned ? zonedQueryOf(db, read, zones) : queryOf(db, read);
  if (isZoned && read.isOfWave) noteUse(db, read.app, now());
  const step = Math.ceil(BUCKETS * query.share);
  let cursor = after ?? { bucket: range.from, id: '' };
  let last = cursor;
  const areCounted = read.movedSince === undefined && isCountableWhole(read.audience);
  let page: Reached[] = [];
  let leftOut = 0;
  const flush = (): AudiencePage => {
    const whole = { installations: page, cursor: last, ...(leftOut > 0 && { leftOut }) };
    page = [];
    leftOut = 0;
    return whole;
  };
  for (let end = cursor.bucket; end < range.to; ) {
    end = Math.min(end + step, range.to);
    // up to date when the rows are read: nothing is awaited in between
    while (isZoned && !isBuilt(db, read.app, end)) {
      build(db, read.app, now());
      await nextTurn();
    }
    for (;;) {
      const { rest } = query;
      const wanted = rest === null ? size - page.length : LOOKED_AT;
      const rows = query.rowsOf(cursor, end, wanted);
      const found = rows.map(query.read);
      await past.add(found);
      for (const [i, it] of found.entries()) {
        const isOut = rest !== null && !matches(rest, it);
        if (isOut && !areCounted) continue;
        last = positionOf(rows[i]!);
        if (isOut) leftOut += 1;
        else if (page.push(it) === size) yield flush();
      }
      if (rows.length > 0) cursor = positionOf(rows.at(-1)!);
      // a statement of SQLite is whole or throws, so these are the last
      if (isZoned || rows.length < wanted) break;
      // nothing here waits for anything, so others would have to until the range is read
      await nextTurn();
    }
    cursor = { bucket: end, id: '' };
    if (query.share < 1) await nextTurn();
  }
  if (page.length > 0 || leftOut > 0) yield flush();
}
