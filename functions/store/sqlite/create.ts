/** Campaigns are created once per idempotency key, and started once, with their shards. */

import { type Campaign, SYSTEM } from '../../model/campaign.ts';
import { acceptedEvent, startedEvent } from '../../model/campaign-events.ts';
import type { CampaignStart, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { requestOf } from '../campaign-request.ts';
import { dueOfShard, mayStart, startedAt } from '../timeline.ts';
import { noteNames } from './campaign-names.ts';
import { type CampaignRow, findCampaign, toCampaign } from './campaign-rows.ts';
import type { SqliteEvents } from './events.ts';
import type { SqliteHistory } from './history.ts';

/** The inner functions run inside a transaction of their caller. */
export function sqliteCreate(db: Database, events: SqliteEvents, note: SqliteHistory['note']) {
  const { sql } = db;

  const madeWith = (app: string, { key, requestHash }: { key: string; requestHash: string }) => {
    const earlier = sql<CampaignRow>(
      'SELECT * FROM campaigns WHERE app = ? AND idempotency_key = ?',
    ).get(app, key);
    if (!earlier) return null;
    if (earlier.request_hash !== requestHash) return { kind: 'conflict' as const };
    return { kind: 'exists' as const, campaign: toCampaign(earlier) };
  };

  const insert = (
    campaign: Campaign,
    idempotency: { key: string; requestHash: string } | null,
    dueAt: number,
  ) =>
    sql(
      `INSERT INTO campaigns (id, app, request, state, reason, created_at, first_push_at,
         closed_at, shards, shards_done, idempotency_key, request_hash, due_at, made_as)
       VALUES (?,?,?,?,?,?,?,?,?,0,?,?,?,?)`,
    ).run(
      campaign.id,
      campaign.app,
      requestOf(campaign),
      campaign.state,
      campaign.reason,
      campaign.createdAt,
      campaign.firstPushAt,
      campaign.closedAt,
      campaign.shards,
      idempotency?.key ?? null,
      idempotency?.requestHash ?? null,
      dueAt,
      campaign.kind ?? null,
    );

  return {
    madeWith,

    create(...[campaign, idempotency, dueAt, by = SYSTEM]: Parameters<Store['createCampaign']>) {
      const earlier = idempotency && madeWith(campaign.app, idempotency);
      if (earlier) return earlier;
      insert(campaign, idempotency, dueAt);
      noteNames(db, campaign);
      const { id, createdAt, state } = campaign;
      note(id, { at: createdAt, by, from: null, to: state, reason: null });
      events.append(id, (seq) => acceptedEvent(campaign, seq));
      return { kind: 'created' as const, campaign };
    },

    start({ id, shards, dueAt, at = Date.now(), schedule, ...planned }: CampaignStart) {
      const before = findCampaign(db, id);
      if (!before || !mayStart(before, { at, schedule })) return false;
      const started = startedAt(before, { at, ...planned });
      sql('UPDATE campaigns SET shards = ?, due_at = ?, state = ?, request = ? WHERE id = ?').run(
        shards.length,
        started.guard === 'canary' ? dueAt : null,
        started.state,
        requestOf(started),
        id,
      );
      const insertShard = sql(
        `INSERT INTO shards (campaign_id, idx, from_bucket, to_bucket, due_at, wave)
         VALUES (?,?,?,?,?,?)`,
      );
      for (const [index, it] of shards.entries()) {
        const wave = it.wave ? JSON.stringify(it.wave) : null;
        insertShard.run(id, index, it.from, it.to, dueOfShard(it, dueAt), wave);
      }
      if (started.state === 'running') {
        note(id, { at, by: SYSTEM, from: before.state, to: 'running', reason: null });
        const campaign = { ...started, shards: shards.length };
        events.append(id, (seq) => startedEvent(campaign, at, seq));
      }
      return true;
    },
  };
}
