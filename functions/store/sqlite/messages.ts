/**
 * Messages: created in one transaction, and closed in another one, which starts the campaign, freezes its
 * only page and commits its chunks.
 */

import { BUCKETS } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { ChunkCommit } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import type { Committed, SentMessage, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { findCampaign } from './campaign-rows.ts';
import type { SqliteCampaigns } from './campaigns.ts';
import type { Erase } from './erase.ts';
import type { Freeze } from './freeze.ts';

interface Context {
  db: Database;
  campaigns: Pick<SqliteCampaigns, 'create' | 'start' | 'shard'>;
  freeze: Freeze;
  commit(told: ChunkCommit): Committed;
  erase: Pick<Erase, 'recentIn'>;
  store: Pick<Store, 'getAppPause' | 'webhooksFor' | 'streamAudience' | 'listFailures'>;
}

export function sqliteMessages(context: Context) {
  const { db, campaigns, store } = context;
  return {
    createMessage: (campaign, idempotency, by) =>
      db.together(() => campaigns.create(campaign, idempotency, campaign.sending!.until, by), true),

    async appStanding(app) {
      const [pause, hooks] = await Promise.all([
        store.getAppPause(app),
        store.webhooksFor(app, NO_CAMPAIGN),
      ]);
      return { paused: pause !== null, wanted: new Set(hooks.flatMap((it) => it.types)) };
    },

    async readNamed({ most, ...read }) {
      const found: Reached[] = [];
      const pages = store.streamAudience({ ...read, range: ALL, after: null, size: most + 1 });
      for await (const { installations } of pages) {
        found.push(...installations);
        if (found.length > most) return null;
      }
      return found;
    },

    async closeMessage(sent) {
      const closed = await db.together(() => close(context, sent));
      if (!closed) return null;
      const { counts } = campaigns.shard(closed.id, 0)!;
      const failures =
        counts.failed > 0 ? await store.listFailures(closed.id, null, counts.failed) : null;
      return { campaign: closed, counts, failures: failures?.items ?? [] };
    },
  } satisfies Partial<Store>;
}

const ALL = { from: 0, to: BUCKETS };
/** The id of no campaign. */
const NO_CAMPAIGN = '';

/** Runs in a transaction. Null if another process has begun the message. */
function close(context: Context, sent: SentMessage): Campaign | null {
  const { db, campaigns, freeze, commit } = context;
  const { id } = sent.campaign;
  const { now, chunks, missing, denied } = sent;
  const before = findCampaign(db, id);
  if (before?.shards !== 0 || before.sending?.by !== sent.campaign.sending!.by) return null;
  // all of it was sent before it was paused
  if (before.state === 'paused')
    db.sql(`UPDATE campaigns SET state = 'accepted', reason = NULL WHERE id = ?`).run(id);
  campaigns.start({ id, shards: [ALL], dueAt: now, at: now });
  const page = { campaignId: id, shard: 0, page: 0, skipped: 0, cursor: null, last: true };
  freeze({ ...page, chunks, missing, denied, dueAt: now, now }, true);
  for (const it of sent.commits) {
    lease(context, it, before.createdAt);
    commit(it);
  }
  notePushes(context, sent);
  if (!sent.isTold)
    db.sql('UPDATE events SET due_at = NULL WHERE subject = ? AND due_at IS NOT NULL').run(id);
  return findCampaign(db, id);
}

/**
 * As if the chunk had been claimed when the message came, `at` (ms), with the recipients noted that were
 * erased since it was read.
 */
function lease({ db, erase }: Context, { chunkId, leaseId, now }: ChunkCommit, at: number) {
  const erased = erase.recentIn(chunkId, now);
  db.sql(
    'UPDATE chunks SET lease_id = ?, attempt = 1, frozen_at = ?, claimed_at = ?, erase = ? WHERE id = ?',
  ).run(leaseId, at, at, erased.length > 0 ? JSON.stringify(erased) : null, chunkId);
}

function notePushes({ db }: Context, { campaign, firstPushAt, acceptedBy, now }: SentMessage) {
  const trials = acceptedBy.map((it) => [it, { acceptedAt: firstPushAt ?? now }]);
  db.sql('UPDATE campaigns SET first_push_at = ?, trials = ? WHERE id = ?').run(
    firstPushAt,
    JSON.stringify(Object.fromEntries(trials)),
    campaign.id,
  );
}
