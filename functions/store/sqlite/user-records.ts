/** Where records about a user's devices are: in installations, frozen chunks and failures. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { bucketOf } from '../../model/bucket.ts';
import type { Failure } from '../../model/chunk.ts';
import { type Installation, unregisteredId } from '../../model/installation.ts';
import type { Database } from '../../sqlite/database.ts';
import { type Device, matcher } from '../erasure.ts';
import { unpack } from '../recipients.ts';
import type { ChunkRow } from './chunk-rows.ts';
import { bucketsOf } from './lookups.ts';
import { FIELDS, fromRow, type Row } from './row.ts';

/** Rows read in one query: about 20 ms. Exports and erasures are too rare to have indexes. */
const CHUNKS = 20;
const FAILURES = 5_000;

/**
 * All pages of a query, with a turn of the event loop after each. `read` gives what follows a row.
 */
export async function* pages<T>(read: (after: T | null) => T[]): AsyncGenerator<T[]> {
  for (let after: T | null = null; ; ) {
    const page = read(after);
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)!;
    await nextTurn();
  }
}

/** The user's installations, in all apps. */
export const installationsOf = (db: Database, userId: string): Installation[] =>
  db
    .sql<{ app: string }>('SELECT DISTINCT app FROM installation_counts')
    .all()
    .flatMap(({ app }) => {
      const buckets = JSON.stringify(bucketsOf(db, 'users', app, [userId]));
      return db
        .sql<Row>(
          `SELECT ${FIELDS} FROM installations
           WHERE app = ? AND bucket IN (SELECT value FROM json_each(?)) AND user_id = ?`,
        )
        .all(app, buckets, userId);
    })
    .map(fromRow);

/** The user's installations, and their earlier ones of which records may still be kept. */
export function devicesOf(db: Database, userId: string): Device[] {
  const former = db
    .sql<Device & { until: number }>(
      'SELECT app, id, token, at AS until FROM former_users WHERE user_id = ?',
    )
    .all(userId);
  const present = installationsOf(db, userId).map(({ app, id, token }) => ({ app, id, token }));
  return [...present, ...former];
}

/** Adds when the device last changed over from another user, if it did. */
export function since({ sql }: Database, userId: string, it: Device): Device {
  const left = sql<{ at: number | null }>(
    'SELECT MAX(at) AS at FROM former_users WHERE app = ? AND id = ? AND user_id <> ?',
  ).get(it.app, it.id, userId);
  return left?.at == null ? it : { ...it, since: left.at };
}

/** True if the installation is there: after an erasure it is another user's. */
export const isThere = ({ sql }: Database, { app, id }: Device) =>
  sql('SELECT 1 FROM installations WHERE app = ? AND bucket = ? AND id = ?').get(
    app,
    bucketOf(id),
    id,
  ) !== undefined;

interface FoundRow extends ChunkRow {
  /** when its campaign was created, in ms */
  at: number;
  packed: string;
  rest: string | null;
}

/** Looking for ids and tokens in the text is faster than unpacking it. */
const mayHold = ({ packed, rest }: FoundRow, { id, token }: Device) =>
  [id, token, unregisteredId(token)].some((it) => packed.includes(it) || rest?.includes(it));

/** The chunks that hold recipients on these devices, and the indices of those. */
export async function* inChunks({ sql }: Database, devices: Device[]) {
  for await (const page of pages<FoundRow>((after) =>
    sql<FoundRow>(
      `SELECT c.*, a.created_at AS at, r.packed, r.rest FROM chunks AS c
         JOIN chunk_recipients AS r ON r.chunk_id = c.id
         JOIN campaigns AS a ON a.id = c.campaign_id WHERE c.id > ? ORDER BY c.id LIMIT ?`,
    ).all(after?.id ?? '', CHUNKS),
  ))
    for (const chunk of page) {
      if (!devices.some((it) => mayHold(chunk, it))) continue;
      const isTheirs = matcher(devices, chunk.at);
      const recipients = unpack({ ids: chunk.packed, rest: chunk.rest });
      const indices: number[] = [];
      for (const [index, it] of recipients.entries())
        if (isTheirs(chunk.app, it.installationId, it.token)) indices.push(index);
      if (indices.length > 0) yield { ...chunk, recipients, indices };
    }
}

/** The failures of recipients on these devices. */
export async function* inFailures({ sql }: Database, devices: Device[]) {
  const isTheirs = ({ campaignId, installationId, token }: Failure) => {
    const of = sql<{ app: string; created_at: number }>(
      'SELECT app, created_at FROM campaigns WHERE id = ?',
    ).get(campaignId);
    if (!of) return false;
    return matcher(devices, of.created_at)(of.app, installationId, token);
  };
  for await (const page of pages<Failure>((after) =>
    sql<Failure>(
      `SELECT campaign_id AS campaignId, chunk_id AS chunkId, idx AS "index", provider,
           installation_id AS installationId, token, outcome, reason, attempts, at
         FROM failures WHERE (campaign_id, chunk_id, idx) > (?, ?, ?)
         ORDER BY campaign_id, chunk_id, idx LIMIT ?`,
    ).all(after?.campaignId ?? '', after?.chunkId ?? '', after?.index ?? -1, FAILURES),
  )) {
    const found = page.filter(
      (it) =>
        devices.some(({ id, token }) => it.installationId === id || it.token === token) &&
        isTheirs(it),
    );
    if (found.length > 0) yield found;
  }
}
