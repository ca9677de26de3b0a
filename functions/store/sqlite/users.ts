/** All there is of a user: to be read, or to be erased. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { bucketOf } from '../../model/bucket.ts';
import type { Failure } from '../../model/chunk.ts';
import type { Installation } from '../../model/installation.ts';
import type { Erased, Store, UserRecord } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { bareKey, type Device, deviceKey, matcher, withoutNames } from '../erasure.ts';
import { unpack } from '../recipients.ts';
import type { Erase } from './erase.ts';
import { bucketsOf } from './lookups.ts';
import { FIELDS, fromRow, type Row, type Rows } from './rows.ts';

/** Looked through in one go, some 20 ms. Nothing here is asked for often enough to have an index. */
const CHUNKS = 20;
const FAILURES = 5_000;
const CAMPAIGNS = 500;

export function sqliteUsers(
  db: Database,
  rows: Rows,
  writing: <T>(work: () => T) => T,
  erase: Erase,
) {
  const { sql, transaction, durably } = db;

  const installationsOf = (userId: string): Installation[] =>
    sql('SELECT DISTINCT app FROM installation_counts')
      .all()
      .flatMap(({ app }) => {
        const buckets = JSON.stringify(bucketsOf(db, 'users', app as string, [userId]));
        return sql(
          `SELECT ${FIELDS} FROM installations
           WHERE app = ? AND bucket IN (SELECT value FROM json_each(?)) AND user_id = ?`,
        ).all(app!, buckets, userId) as unknown as Row[];
      })
      .map(fromRow);

  /** His now, and those that were his while something may still be known of them. */
  function devicesOf(userId: string): Device[] {
    const former = sql('SELECT app, id, token, at FROM former_users WHERE user_id = ?').all(userId);
    return [
      ...installationsOf(userId).map(({ app, id, token }) => ({ app, id, token })),
      ...(former as unknown as (Device & { at: number })[]).map(({ at, ...it }) => ({
        ...it,
        until: at,
      })),
    ];
  }

  /** With what was there before it was his. */
  const since = (userId: string, it: Device): Device => {
    const left = sql(
      'SELECT MAX(at) AS at FROM former_users WHERE app = ? AND id = ? AND user_id <> ?',
    ).get(it.app, it.id, userId);
    return left?.at == null ? it : { ...it, since: left.at as number };
  };

  /** Somebody else's now. */
  const isThere = ({ app, id }: Device) =>
    sql('SELECT 1 FROM installations WHERE app = ? AND bucket = ? AND id = ?').get(
      ...[app, bucketOf(id), id],
    ) !== undefined;

  async function* pages<T>(read: (after: T | null) => T[]): AsyncGenerator<T[]> {
    for (let after: T | null = null; ; ) {
      const page = read(after);
      if (page.length === 0) return;
      yield page;
      after = page.at(-1)!;
      await nextTurn();
    }
  }

  /** Where in the frozen chunks they are. */
  async function* inChunks(devices: Device[]) {
    type Chunk = { id: string; app: string; campaign_id: string; at: number; packed: string };
    for await (const page of pages<Chunk>(
      (after) =>
        sql(
          `SELECT c.id, c.app, c.campaign_id, a.created_at AS at, r.packed FROM chunks AS c
           JOIN chunk_recipients AS r ON r.chunk_id = c.id
           JOIN campaigns AS a ON a.id = c.campaign_id WHERE c.id > ? ORDER BY c.id LIMIT ?`,
        ).all(after?.id ?? '', CHUNKS) as unknown as Chunk[],
    ))
      for (const chunk of page) {
        if (!devices.some((it) => chunk.packed.includes(it.id) || chunk.packed.includes(it.token)))
          continue;
        const isTheirs = matcher(devices, chunk.at);
        const indices: number[] = [];
        for (const [index, it] of unpack(chunk.packed).entries())
          if (isTheirs(chunk.app, it.installationId, it.token)) indices.push(index);
        if (indices.length > 0) yield { ...chunk, indices };
      }
  }

  async function* inFailures(devices: Device[]) {
    const isTheirs = ({ campaignId, installationId, token }: Failure) => {
      const of = sql('SELECT app, created_at FROM campaigns WHERE id = ?').get(campaignId);
      if (!of) return false;
      return matcher(devices, of.created_at as number)(of.app as string, installationId, token);
    };
    for await (const page of pages<Failure>(
      (after) =>
        sql(
          `SELECT campaign_id AS campaignId, chunk_id AS chunkId, idx AS "index", provider,
             installation_id AS installationId, token, outcome, reason, attempts, at
           FROM failures WHERE (campaign_id, chunk_id, idx) > (?, ?, ?)
           ORDER BY campaign_id, chunk_id, idx LIMIT ?`,
        ).all(
          after?.campaignId ?? '',
          after?.chunkId ?? '',
          after?.index ?? -1,
          FAILURES,
        ) as unknown as Failure[],
    )) {
      const found = page.filter(
        (it) =>
          devices.some(({ id, token }) => it.installationId === id || it.token === token) &&
          isTheirs(it),
      );
      if (found.length > 0) yield found;
    }
  }

  /** What is asked for by name: in campaigns, and in saved segments. */
  async function forgetNames(userId: string, devices: Device[]) {
    const named = [userId, ...devices.flatMap((it) => [it.id, it.token])];
    const texts = named.map((it) => JSON.stringify(it));
    for await (const page of pages<{ id: string; request: string }>(
      (after) =>
        sql('SELECT id, request FROM campaigns WHERE id > ? ORDER BY id LIMIT ?').all(
          after?.id ?? '',
          CAMPAIGNS,
        ) as unknown as { id: string; request: string }[],
    ))
      for (const { id, request } of page)
        if (texts.some((it) => request.includes(it)))
          sql('UPDATE campaigns SET request = ? WHERE id = ?').run(
            withoutNames(request, named),
            id,
          );
    for (const { app, name, audience } of sql(
      'SELECT app, name, audience FROM saved_segments',
    ).all())
      if (texts.some((it) => (audience as string).includes(it)))
        sql('UPDATE saved_segments SET audience = ? WHERE app = ? AND name = ?').run(
          withoutNames(audience as string, named),
          app!,
          name!,
        );
    for (const { id, schedule } of sql('SELECT id, schedule FROM schedules').all())
      if (texts.some((it) => (schedule as string).includes(it)))
        // whoever has read it before must not write it back
        sql(
          `UPDATE schedules SET version = version + 1,
             schedule = json_set(?, '$.version', version + 1) WHERE id = ?`,
        ).run(withoutNames(schedule as string, named), id!);
    for (const { id } of sql('SELECT id FROM uploads').all())
      for (const name of named)
        sql('DELETE FROM upload_names WHERE upload_id = ? AND bucket = ? AND name = ?').run(
          id!,
          bucketOf(name),
          name,
        );
  }

  return {
    async *readUser(userId): AsyncGenerator<UserRecord[]> {
      const installations = installationsOf(userId);
      if (installations.length > 0)
        yield installations.map((it) => ({ kind: 'installation', ...it }));
      const devices = devicesOf(userId).map((it) => since(userId, it));
      for await (const { campaign_id, id, app, indices, packed } of inChunks(devices)) {
        const recipients = unpack(packed);
        yield indices.map((index) => ({
          ...{ kind: 'recipient', campaignId: campaign_id, chunkId: id, app },
          ...recipients[index]!,
        }));
      }
      for await (const found of inFailures(devices))
        yield found.map((it) => ({ kind: 'failure', ...it }));
    },

    /**
     * The installations go first, and leave behind whose they were: who was interrupted finds the rest
     * by that.
     */
    async eraseUser(userId, now): Promise<Erased> {
      const installations = installationsOf(userId);
      writing(() => {
        for (const { app, bucket, id } of installations)
          rows.remove('app = ? AND bucket = ? AND id = ?', app, bucket, id);
      });
      const devices = devicesOf(userId);
      const gone = devices.filter((it) => !isThere(it));
      erase.remember([...gone.map(deviceKey), ...devices.map(bareKey)], now);
      const erased: Erased = {
        installations: installations.length,
        recipients: 0,
        failures: 0,
        closed: [],
      };
      // a device that is another user's now is asked for in his name
      await forgetNames(userId, gone);
      for await (const { id, campaign_id, indices } of inChunks(devices)) {
        const closed = transaction(() => erase.from(id, indices, now));
        if (closed) erased.closed.push(campaign_id);
        erased.recipients += indices.length;
      }
      for await (const found of inFailures(devices))
        transaction(() => {
          for (const it of found)
            sql('DELETE FROM failures WHERE campaign_id = ? AND chunk_id = ? AND idx = ?').run(
              it.campaignId,
              it.chunkId,
              it.index,
            );
          erased.failures += found.length;
        });
      // on the disk, with all of the above, before it is said to be done
      durably(() => sql('DELETE FROM former_users WHERE user_id = ?').run(userId));
      return erased;
    },
  } satisfies Partial<Store>;
}
