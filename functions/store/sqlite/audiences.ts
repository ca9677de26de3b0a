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

/**
 * A scan reads at most this share of the bucket space in one go, then lets others run: 1/64 of a
 * million installations takes 15 ms.
 */
const STEP = BUCKETS / 64;
/** Rows read in one query if each must still be matched: about 20 ms. */
const LOOKED_AT = 4_000;

export function sqliteAudiences(db: Database, source: PastSource) {
  const { sql } = db;
  const stream = async function* (read: AudienceRead) {
    const past = pastFor(source, read.audience);
    try {
      yield* streamed(db, read, past);
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
      sql<{ zone: string }>('SELECT zone FROM zone_counts WHERE app = ? AND size > 0 ORDER BY zone')
        .all(app)
        .map((it) => it.zone),

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

async function* streamed(
  db: Database,
  read: AudienceRead,
  past: PastReader,
): AsyncGenerator<AudiencePage> {
  const { range, after, size } = read;
  const query = queryOf(db, read);
  const step = query.scans ? STEP : BUCKETS;
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
    for (;;) {
      const { rest } = query;
      const wanted = rest === null ? size - page.length : LOOKED_AT;
      const { bucket, id } = cursor;
      const rows = db.sql(query.text).lists(...query.values, bucket, id, end, wanted);
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
      if (rows.length < wanted) break;
      // nothing here waits for anything, so others would have to until the range is read
      await nextTurn();
    }
    cursor = { bucket: end, id: '' };
    if (query.scans) await nextTurn();
  }
  if (page.length > 0 || leftOut > 0) yield flush();
}
