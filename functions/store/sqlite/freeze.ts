/** Freezing a page of a shard: its chunks, their recipients, and the shard's next position. */

import { bucketOf } from '../../model/bucket.ts';
import type { Frozen, FrozenPage } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { namesIn } from '../cap-set.ts';
import { type CappedChunk, heldIn, settledIn, withCaps } from '../capped.ts';
import { MAX_BADGE } from '../counts.ts';
import { pack } from '../recipients.ts';
import type { SqliteCampaigns } from './campaigns.ts';
import { reserveAll } from './caps.ts';
import type { Erase } from './erase.ts';

export type Freeze = ReturnType<typeof sqliteFreeze>;

export function sqliteFreeze(
  db: Database,
  campaigns: Pick<SqliteCampaigns, 'addMissing' | 'closeShard'>,
  erase: Pick<Erase, 'late'>,
) {
  const { sql } = db;
  const countUp = (app: string, id: string, by: number) =>
    sql<{ count: number }>(
      `INSERT INTO badges VALUES (?1,?2,?3,min(?4, ${MAX_BADGE}))
       ON CONFLICT DO UPDATE SET count = min(count + ?4, ${MAX_BADGE}) RETURNING count`,
    ).get(app, bucketOf(id), id, by)!.count;

  function insert({ chunk, outcomes, isSettled }: CappedChunk, now: number) {
    sql(
      `INSERT INTO chunks (id, campaign_id, shard, app, provider, environment, size, not_before,
         expires_at, due_at, frozen_at, outcomes, done, quiet) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    ).run(
      chunk.id,
      chunk.campaignId,
      chunk.shard,
      chunk.app,
      chunk.provider,
      chunk.environment,
      chunk.recipients.length,
      chunk.notBefore,
      chunk.expiresAt,
      isSettled ? null : chunk.dueAt,
      now,
      outcomes,
      isSettled ? 1 : 0,
      chunk.quiet ? JSON.stringify(chunk.quiet) : null,
    );
    const recipients = chunk.recipients.map((it) =>
      it.badge === undefined
        ? it
        : { ...it, badge: countUp(chunk.app, it.installationId, it.badge) },
    );
    const { ids, rest } = pack(recipients);
    sql('INSERT INTO chunk_recipients VALUES (?, ?, ?)').run(
      chunk.id,
      ids,
      isSettled ? null : rest,
    );
  }

  /**
   * Moves the shard on by one page. False if another planner has frozen this page, or all of them.
   */
  function advance(page: FrozenPage): boolean {
    const size = page.chunks.reduce((sum, chunk) => sum + chunk.recipients.length, 0);
    const { changes } = sql(
      `UPDATE shards SET pages = pages + 1, cursor_bucket = ?, cursor_id = ?, planned = ?, planned_at = ?,
         chunks = chunks + ?, recipients = recipients + ?, skipped = skipped + ?,
         left_out = left_out + ?, denied = denied + ?, due_at = ?
       WHERE campaign_id = ? AND idx = ? AND pages = ? AND planned = 0`,
    ).run(
      page.cursor?.bucket ?? null,
      page.cursor?.id ?? null,
      page.last ? 1 : 0,
      page.last ? page.now : null,
      page.chunks.length,
      size + page.skipped,
      page.skipped,
      page.leftOut ?? 0,
      page.denied ?? 0,
      page.last ? null : page.dueAt,
      page.campaignId,
      page.shard,
      page.page,
    );
    return changes === 1;
  }

  /** Reserves a push to each recipient that is not late, and counts those that are skipped. */
  function withSkipped({ campaignId, shard, chunks, caps = [], now }: FrozenPage): CappedChunk[] {
    const app = chunks[0]?.app;
    const isCapped = caps.length > 0 && app !== undefined;
    const over = isCapped ? reserveAll(db, { app, names: namesIn(chunks), caps, now }) : NONE;
    const all = chunks.map((it) => withCaps(it, over));
    const skipped = all.reduce((sum, it) => sum + it.capped, 0);
    const late = all.reduce((sum, it) => sum + it.late, 0);
    if (skipped + late === 0) return all;
    const settled = all.filter((it) => it.isSettled).length;
    sql(
      `UPDATE shards SET skipped = skipped + ?1 + ?2, capped = capped + ?1, late = late + ?2,
         chunks_done = chunks_done + ?3 WHERE campaign_id = ?4 AND idx = ?5`,
    ).run(skipped, late, settled, campaignId, shard);
    return all;
  }

  function addHeld({ campaignId, shard }: FrozenPage, chunks: CappedChunk[]) {
    const held = heldIn(chunks);
    if (!held) return;
    sql(
      `UPDATE shards SET held = held + ?, held_until = max(held_until, ?)
       WHERE campaign_id = ? AND idx = ?`,
    ).run(held.recipients, held.until, campaignId, shard);
  }

  /** `freezePage` of the port, for the inside of a transaction. `isSent`: none may be left out any more. */
  return (read: FrozenPage, isSent = false): Exclude<Frozen, { kind: 'wide' }> => {
    const page = isSent ? read : { ...read, chunks: erase.late(read.chunks, read.now) };
    if (!advance(page)) return { kind: 'stale' };
    if (page.missing) campaigns.addMissing(page.campaignId, page.shard, page.missing);
    const chunks = withSkipped(page);
    addHeld(page, chunks);
    for (const it of chunks) insert(it, page.now);
    const campaignClosed = page.last && campaigns.closeShard(page.campaignId, page.shard, page.now);
    return { kind: 'frozen', campaignClosed, ...settledIn(chunks) };
  };
}

const NONE: ReadonlySet<object> = new Set();
