/** How shards close, and the campaign with its last shard. */

import { type CampaignState, type Counts, SYSTEM, sumsOf } from '../../model/campaign.ts';
import { closedEvent } from '../../model/campaign-events.ts';
import type { Database } from '../../sqlite/database.ts';
import { findCampaign } from './campaign-rows.ts';
import type { SqliteEvents } from './events.ts';
import type { SqliteHistory } from './history.ts';

export function sqliteClose(
  db: Database,
  {
    counts,
    events,
    note,
  }: {
    counts(campaignId: string): Counts;
    events: Pick<SqliteEvents, 'append'>;
    note: SqliteHistory['note'];
  },
) {
  const { sql } = db;
  const state = (id: string) =>
    sql<{ state: CampaignState }>('SELECT state FROM campaigns WHERE id = ?').get(id)!.state;

  /**
   * Runs in the transaction that planned the last page or finished the last chunk of a shard. Closes
   * the shard if nothing of it is left, and the campaign with its last shard. True: the campaign closed.
   */
  function closeShard(campaignId: string, index: number, now: number): boolean {
    const closed = sql(
      `UPDATE shards SET due_at = NULL
       WHERE campaign_id = ? AND idx = ? AND planned = 1 AND chunks = chunks_done`,
    ).run(campaignId, index).changes;
    if (closed === 0) return false;
    const before = state(campaignId);
    sql(`UPDATE campaigns SET shards_done = shards_done + 1 WHERE id = ?`).run(campaignId);
    const wasLast = sql(
      `UPDATE campaigns SET closed_at = ?, due_at = NULL, reason = NULL,
         state = CASE state WHEN 'cancelling' THEN 'cancelled' ELSE 'completed' END
       WHERE id = ? AND shards = shards_done AND closed_at IS NULL`,
    ).run(now, campaignId).changes;
    if (wasLast === 0) return false;
    const total = counts(campaignId);
    sql('UPDATE campaigns SET sums = ? WHERE id = ?').run(
      JSON.stringify(sumsOf(total)),
      campaignId,
    );
    const campaign = findCampaign(db, campaignId)!;
    note(campaignId, { at: now, by: SYSTEM, from: before, to: campaign.state, reason: null });
    events.append(campaignId, (seq) => closedEvent(campaign, total, seq));
    return true;
  }

  return { state, closeShard };
}
