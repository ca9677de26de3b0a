/** Rows of the table `campaigns`, and the campaigns they stand for. */

import type { Campaign, CampaignState, Sums, Trials } from '../../model/campaign.ts';
import type { Database } from '../../sqlite/database.ts';
import { requestIn } from '../campaign-request.ts';

export interface CampaignRow {
  id: string;
  /** JSON of the fields that have no column of their own */
  request: string;
  state: CampaignState;
  reason: string | null;
  created_at: number;
  first_push_at: number | null;
  closed_at: number | null;
  shards: number;
  shards_done: number;
  request_hash: string | null;
  /** JSON */
  trials: string;
  /** JSON; null while it is open */
  sums: string | null;
}

export function findCampaign({ sql }: Database, id: string): Campaign | null {
  const row = sql<CampaignRow>('SELECT * FROM campaigns WHERE id = ?').get(id);
  return row ? toCampaign(row) : null;
}

export const toCampaign = (row: CampaignRow): Campaign => ({
  id: row.id,
  ...requestIn(row.request),
  state: row.state,
  reason: row.reason,
  createdAt: row.created_at,
  firstPushAt: row.first_push_at,
  closedAt: row.closed_at,
  shards: row.shards,
  ...(row.sums !== null && { sums: JSON.parse(row.sums) as Sums }),
  ...(row.trials !== '{}' && { trials: JSON.parse(row.trials) as Trials }),
});
