/** Campaigns: made once, moved along the legal transitions, closed with their last shard. */

import {
  type Campaign,
  type CampaignRequest,
  type CampaignState,
  noCounts,
  SYSTEM,
  type Trial,
  type Trials,
  transitions,
} from '../../model/campaign.ts';
import {
  acceptedEvent,
  closedEvent,
  pausedEvent,
  progressEvent,
  startedEvent,
} from '../../model/campaign-events.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { timeAndName } from '../cursor.ts';
import {
  begins,
  dueAfter,
  mayStart,
  movedTo,
  startedAt,
  turnOf,
  withoutGuard,
  withoutTask,
} from '../timeline.ts';
import type { SqliteEvents } from './events.ts';
import type { SqliteHistory } from './history.ts';
import { sqliteShards } from './shards.ts';

interface CampaignRow {
  id: string;
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
}

export function sqliteCampaigns(
  database: Database,
  events: SqliteEvents,
  note: SqliteHistory['note'],
) {
  const { sql, transaction, durably, together } = database;
  const { shard, counts, addMissing, ...shards } = sqliteShards(database);
  const find = (id: string) => {
    const row = sql('SELECT * FROM campaigns WHERE id = ?').get(id) as CampaignRow | undefined;
    return row ? toCampaign(row) : null;
  };
  const madeWith = (app: string, { key, requestHash }: { key: string; requestHash: string }) => {
    const earlier = sql('SELECT * FROM campaigns WHERE app = ? AND idempotency_key = ?').get(
      app,
      key,
    ) as CampaignRow | undefined;
    if (!earlier) return null;
    if (earlier.request_hash !== requestHash) return { kind: 'conflict' as const };
    return { kind: 'exists' as const, campaign: toCampaign(earlier) };
  };
  const state = (id: string) =>
    sql('SELECT state FROM campaigns WHERE id = ?').get(id)!.state as CampaignState;
  /** Called in a transaction, as `start` is. */
  const create = (
    ...[campaign, idempotency, dueAt, by = SYSTEM]: Parameters<Store['createCampaign']>
  ) => {
    if (idempotency) {
      const earlier = madeWith(campaign.app, idempotency);
      if (earlier) return earlier;
    }
    const { id, state, reason, createdAt, firstPushAt, closedAt, shards } = campaign;
    sql(
      `INSERT INTO campaigns (id, app, request, state, reason, created_at, first_push_at,
         closed_at, shards, shards_done, idempotency_key, request_hash, due_at)
       VALUES (?,?,?,?,?,?,?,?,?,0,?,?,?)`,
    ).run(
      id,
      campaign.app,
      requestOf(campaign),
      state,
      reason,
      createdAt,
      firstPushAt,
      closedAt,
      shards,
      idempotency?.key ?? null,
      idempotency?.requestHash ?? null,
      dueAt,
    );
    note(id, { at: createdAt, by, from: null, to: state, reason: null });
    events.append(id, (seq) => acceptedEvent(campaign, seq));
    return { kind: 'created' as const, campaign };
  };

  const start = (
    ...[id, ranges, dueAt, at = Date.now(), expected]: Parameters<Store['startCampaign']>
  ) => {
    const before = find(id);
    if (!before || !mayStart(before, at)) return false;
    const started = startedAt(before, at, expected);
    sql('UPDATE campaigns SET shards = ?, due_at = ?, state = ?, request = ? WHERE id = ?').run(
      ranges.length,
      started.guard === 'canary' ? dueAt : null,
      started.state,
      requestOf(started),
      id,
    );
    const insert = sql(
      `INSERT INTO shards (campaign_id, idx, from_bucket, to_bucket, due_at)
       VALUES (?,?,?,?,?)`,
    );
    for (const [index, range] of ranges.entries())
      insert.run(id, index, range.from, range.to, dueAt);
    if (started.state === 'running') {
      note(id, { at, by: SYSTEM, from: before.state, to: 'running', reason: null });
      const campaign = { ...started, shards: ranges.length };
      events.append(id, (seq) => startedEvent(campaign, at, seq));
    }
    return true;
  };

  function putTrial({ id, trials }: Campaign, provider: Provider, trial: Trial) {
    const changed: Trials = { ...trials, [provider]: trial };
    sql('UPDATE campaigns SET trials = ? WHERE id = ?').run(JSON.stringify(changed), id);
  }

  const verbs = {
    createCampaign: async (...args) => durably(() => create(...args)),

    findCampaign: async (app, idempotency) => madeWith(app, idempotency),

    getCampaign: async (id) => find(id),

    async listCampaigns(after, limit) {
      const [at, id] = after === null ? [Number.MAX_SAFE_INTEGER, ''] : timeAndName(after);
      const rows = sql(
        `SELECT * FROM campaigns WHERE (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(at, id, limit + 1) as unknown as CampaignRow[];
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(toCampaign),
        next: rows.length > limit && last ? `${last.created_at}.${last.id}` : null,
      };
    },

    startCampaign: async (...args) => transaction(() => start(...args)),

    moveCampaign: async (id, from, to, reason, at = Date.now(), by = SYSTEM, guard) =>
      durably(() => {
        const campaign = find(id);
        if (!campaign || !from.includes(campaign.state)) return null;
        if (!transitions[campaign.state].includes(to)) return null;
        const moved = movedTo(campaign, to, reason, at, guard);
        sql(
          `UPDATE campaigns SET state = ?, reason = ?, closed_at = ?, request = ?, due_at = ?
           WHERE id = ?`,
        ).run(
          ...([to, reason, moved.closedAt, requestOf(moved), dueAfter(moved, at), id] as const),
        );
        note(id, { at, by, from: campaign.state, to, reason });
        if (to === 'paused') events.append(id, (seq) => pausedEvent(moved, at, seq));
        if (moved.closedAt !== campaign.closedAt)
          events.append(id, (seq) => closedEvent(moved, noCounts(), seq));
        return moved;
      }),

    reschedule: async (id, startAt, dueAt, at, by) =>
      durably(() => {
        const campaign = find(id);
        if (campaign?.state !== 'scheduled') return null;
        const changed = { ...campaign, schedule: { at: startAt } };
        sql('UPDATE campaigns SET request = ?, due_at = ? WHERE id = ?').run(
          requestOf(changed),
          dueAt,
          id,
        );
        note(id, { at, by, from: 'scheduled', to: 'scheduled', reason: begins(startAt) });
        return changed;
      }),

    passCanary: async (id, at, reason) =>
      transaction(() => {
        const campaign = find(id);
        if (campaign?.state !== 'running' || campaign.guard !== 'canary') return false;
        sql('UPDATE campaigns SET request = ?, due_at = NULL WHERE id = ?').run(
          requestOf(withoutGuard(campaign, at)),
          id,
        );
        note(id, { at, by: SYSTEM, from: 'running', to: 'running', reason });
        return true;
      }),

    redriven: async (id, task) =>
      transaction(() => {
        const campaign = find(id);
        if (campaign?.task !== task) return;
        const isWatched = campaign.guard === 'canary';
        sql(
          `UPDATE campaigns SET request = ?, due_at = CASE WHEN ? THEN due_at END WHERE id = ?`,
        ).run(requestOf(withoutTask(campaign)), isWatched ? 1 : 0, id);
      }),

    notePush: (campaignId, at, acceptedBy) =>
      together(() => {
        sql(
          `UPDATE campaigns SET first_push_at = ?
           WHERE id = ? AND (first_push_at IS NULL OR first_push_at > ?)`,
        ).run(at, campaignId, at);
        const campaign = acceptedBy && find(campaignId);
        if (campaign) putTrial(campaign, acceptedBy, { acceptedAt: at });
      }),

    claimTrial: async (campaignId, provider, by, until, now) =>
      transaction(() => {
        const campaign = find(campaignId);
        const turn = turnOf(campaign?.trials?.[provider], by, now);
        if (campaign && turn === 'ours') putTrial(campaign, provider, { by, until });
        return campaign ? turn : 'accepted';
      }),

    counts: async (campaignId) => counts(campaignId),

    noteProgress: async (campaignId, now, everyMs) =>
      transaction(() => {
        const campaign = find(campaignId);
        if (campaign?.state !== 'running') return null;
        const event = progressEvent(campaign, counts(campaignId), now);
        return events.progressed(event, now - everyMs) ? event : null;
      }),
  } satisfies Partial<Store>;

  /**
   * Called in the transaction that planned the last page or finished the last chunk of a shard:
   * closes the shard if that was all, and the campaign with its last shard.
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
    const campaign = find(campaignId)!;
    note(campaignId, { at: now, by: SYSTEM, from: before, to: campaign.state, reason: null });
    events.append(campaignId, (seq) => closedEvent(campaign, counts(campaignId), seq));
    return true;
  }

  return { ...verbs, ...shards, create, start, find, state, shard, closeShard, addMissing };
}

/** What has no column of its own. */
export function requestOf(campaign: Campaign): string {
  const { id, state, reason, createdAt, firstPushAt, closedAt, shards, trials, ...request } =
    campaign;
  return JSON.stringify(request satisfies CampaignRequest);
}

const toCampaign = (row: CampaignRow): Campaign => ({
  id: row.id,
  ...(JSON.parse(row.request) as CampaignRequest),
  state: row.state,
  reason: row.reason,
  createdAt: row.created_at,
  firstPushAt: row.first_push_at,
  closedAt: row.closed_at,
  shards: row.shards,
  ...(row.trials !== '{}' && { trials: JSON.parse(row.trials) as Trials }),
});
