/** Campaigns: created once, moved along the legal transitions, closed with their last shard. */

import { progressEvent } from '../../model/campaign-events.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { timeAndName } from '../cursor.ts';
import { type CampaignRow, findCampaign, toCampaign } from './campaign-rows.ts';
import { sqliteClose } from './close.ts';
import { sqliteCreate } from './create.ts';
import type { SqliteEvents } from './events.ts';
import type { SqliteHistory } from './history.ts';
import { sqliteMoves } from './moves.ts';
import { sqliteShards } from './shards.ts';
import { sqliteTrials } from './trials.ts';

export type SqliteCampaigns = ReturnType<typeof sqliteCampaigns>;

export function sqliteCampaigns(
  db: Database,
  { events, note }: { events: SqliteEvents; note: SqliteHistory['note'] },
) {
  const { sql, transaction, durably } = db;
  const { shard, counts, addMissing, ...shards } = sqliteShards(db);
  const { madeWith, create, start } = sqliteCreate(db, events, note);
  const { state, closeShard } = sqliteClose(db, { counts, events, note });
  const find = (id: string) => findCampaign(db, id);

  const verbs = {
    createCampaign: async (...args) => durably(() => create(...args)),

    findCampaign: async (app, idempotency) => madeWith(app, idempotency),

    getCampaign: async (id) => find(id),

    async listCampaigns(after, limit) {
      const [at, id] = after === null ? [Number.MAX_SAFE_INTEGER, ''] : timeAndName(after);
      const rows = sql<CampaignRow>(
        `SELECT * FROM campaigns WHERE (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(at, id, limit + 1);
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(toCampaign),
        next: rows.length > limit && last ? `${last.created_at}.${last.id}` : null,
      };
    },

    startCampaign: async (it) => transaction(() => start(it)),

    counts: async (campaignId) => counts(campaignId),

    noteProgress: async (campaignId, now, everyMs) =>
      transaction(() => {
        const campaign = find(campaignId);
        if (campaign?.state !== 'running') return null;
        const event = progressEvent(campaign, counts(campaignId), now);
        return events.progressed(event, now - everyMs) ? event : null;
      }),
  } satisfies Partial<Store>;

  return {
    ...verbs,
    ...shards,
    ...sqliteMoves(db, events, note),
    ...sqliteTrials(db),
    create,
    start,
    find,
    state,
    shard,
    closeShard,
    addMissing,
  };
}
