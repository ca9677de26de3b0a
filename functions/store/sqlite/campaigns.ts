/** Campaigns: created once, moved along the legal transitions, closed with their last shard. */

import { progressEvent } from '../../model/campaign-events.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { type CampaignList, listed, type Part } from '../campaign-list.ts';
import { pagesOf } from '../sorted.ts';
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
  const { transaction, durably } = db;
  const { shard, counts, addMissing, ...shards } = sqliteShards(db);
  const { madeWith, create, start } = sqliteCreate(db, events, note);
  const { state, closeShard } = sqliteClose(db, { counts, events, note });
  const find = (id: string) => findCampaign(db, id);

  const verbs = {
    createCampaign: async (...args) => durably(() => create(...args)),

    findCampaign: async (app, idempotency) => madeWith(app, idempotency),

    getCampaign: async (id) => find(id),

    listCampaigns: (after, limit, filter = {}) =>
      listed(rowsOf(db), { after, limit, filter, campaignOf: toCampaign }),

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
    countsNow: counts,
  };
}

const OF_PART: Record<Part, string> = {
  all: '',
  campaigns: 'AND made_as IS NULL',
  others: 'AND made_as IS NOT NULL',
};

const rowsOf = ({ sql }: Database): CampaignList<CampaignRow> => ({
  placeOf: (it) => [it.created_at, it.id],

  async open(most) {
    const found = sql<CampaignRow>('SELECT * FROM campaigns WHERE closed_at IS NULL LIMIT ?').all(
      most + 1,
    );
    return found.length > most ? null : found;
  },

  newest(part, before, from, size) {
    let reads = 0;
    return pagesOf<CampaignRow>(async (last) => {
      const [at, id] = last ? [last.created_at, last.id] : before;
      return sql<CampaignRow>(
        `SELECT * FROM campaigns WHERE (created_at, id) < (?, ?) AND created_at >= ?
         ${OF_PART[part]} ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(at, id, from, size(reads++));
    });
  },
});
