/** What is kept for a while only, removed a little at a time. */

import type { CampaignRequest } from '../../model/campaign.ts';
import { DAY_MS } from '../../model/timing.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { mayReachUnnamed } from '../erasure.ts';
import { MARKS_KEPT_MS } from '../import-run.ts';
import { DELIVERY_DAYS } from '../webhook-keys.ts';
import { forgetNamed, forgetUnnamed } from './campaign-names.ts';
import { expireCaps } from './caps.ts';
import { expireReceipts } from './receipts.ts';
import { expireCopies } from './zone-copy.ts';

/** Limits one call, to about 20 ms. */
const CHUNKS = 50;
const ROWS = 2_000;
/** How long it is kept that an installation is gone: a campaign in waves is seldom paused for longer. */
const GONE_DAYS = 35;

export function sqliteExpire({ sql, transaction }: Database): Pick<Store, 'expire'> {
  /** `.` is before `/`: the ids of a campaign's chunks lie between the two. */
  function chunks(campaignId: string): boolean {
    const ids = sql<{ id: string }>('SELECT id FROM chunks WHERE id > ? AND id < ? LIMIT ?')
      .all(`${campaignId}.`, `${campaignId}/`, CHUNKS)
      .map((it) => it.id);
    for (const id of ids) {
      sql('DELETE FROM chunk_recipients WHERE chunk_id = ?').run(id);
      sql('DELETE FROM chunks WHERE id = ?').run(id);
    }
    return ids.length === CHUNKS;
  }

  const failures = (campaignId: string) =>
    sql(
      `DELETE FROM failures WHERE campaign_id = ?1 AND (chunk_id, idx) IN (
         SELECT chunk_id, idx FROM failures WHERE campaign_id = ?1 LIMIT ?2)`,
    ).run(campaignId, ROWS).changes === ROWS;

  const told = (before: number) =>
    sql(
      `DELETE FROM deliveries WHERE id IN
         (SELECT id FROM deliveries WHERE created_at < ? LIMIT ?)`,
    ).run(before, ROWS).changes === ROWS;

  /** Who is pushed to one by one must not fill the database; of the others the report is kept. */
  function drop(campaignId: string, request: CampaignRequest) {
    forgetNamed({ sql }, campaignId, request);
    sql('DELETE FROM history WHERE campaign_id = ?').run(campaignId);
    sql('DELETE FROM events WHERE subject = ?').run(campaignId);
    sql('DELETE FROM receipt_counts WHERE campaign_id = ?').run(campaignId);
    sql('DELETE FROM shards WHERE campaign_id = ?').run(campaignId);
    sql('DELETE FROM campaigns WHERE id = ?').run(campaignId);
  }

  return {
    expire: async (before, now) =>
      transaction(() => {
        const campaign = sql<{ id: string; request: string }>(
          'SELECT id, request FROM campaigns WHERE kept = 1 AND closed_at < ? ORDER BY closed_at LIMIT 1',
        ).get(before);
        if (campaign) {
          if (chunks(campaign.id) || failures(campaign.id)) return true;
          if (expireReceipts({ sql }, campaign.id, ROWS)) return true;
          const request = JSON.parse(campaign.request) as CampaignRequest;
          forgetUnnamed({ sql }, campaign.id, request);
          if (mayReachUnnamed(request))
            sql('UPDATE campaigns SET kept = 0 WHERE id = ?').run(campaign.id);
          else drop(campaign.id, request);
          return true;
        }
        if (told(Math.min(before, now - DELIVERY_DAYS * DAY_MS))) return true;
        if (expireCaps({ sql }, now, ROWS)) return true;
        if (expireCopies({ sql }, now)) return true;
        const removed = sql(
          `DELETE FROM removed WHERE (app, bucket, id) IN (
             SELECT app, bucket, id FROM removed WHERE at < ? LIMIT ?)`,
        ).run(now - GONE_DAYS * DAY_MS, ROWS).changes;
        if (removed === ROWS) return true;
        // there are few of each trigger
        sql('DELETE FROM failed_pings WHERE at < ?').run(before);
        const former = sql(
          `DELETE FROM former_users WHERE (user_id, app, id, token) IN (
             SELECT user_id, app, id, token FROM former_users WHERE at < ? LIMIT ?)`,
        ).run(before, ROWS).changes;
        // the run itself stays: see import-run.ts
        const run = sql<{ run: string }>(
          'SELECT run FROM import_runs WHERE marked = 1 AND began_at < ? LIMIT 1',
        ).get(now - MARKS_KEPT_MS)?.run;
        if (run === undefined) return former === ROWS;
        const marks = sql(
          `DELETE FROM import_marks WHERE run = ?1 AND (app, bucket, id) IN (
             SELECT app, bucket, id FROM import_marks WHERE run = ?1 LIMIT ?2)`,
        ).run(run, ROWS).changes;
        if (marks < ROWS) sql('UPDATE import_runs SET marked = 0 WHERE run = ?').run(run);
        return true;
      }),
  };
}
