/** Committing what was learnt of a claimed chunk: outcomes, failures, counts and forgotten tokens. */

import type { ChunkCommit, Failure } from '../../model/chunk.ts';
import { addCounts } from '../../model/counts.ts';
import type { Committed } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { tally } from '../counts.ts';
import { withCommit } from '../outcomes.ts';
import type { SqliteCampaigns } from './campaigns.ts';
import { type ChunkRow, findChunk, outcomesOf, settleRecipients } from './chunk-rows.ts';
import type { Erase } from './erase.ts';
import type { SqliteEvents } from './events.ts';
import type { SqliteInstallations } from './installations.ts';

export function sqliteCommit(
  db: Database,
  {
    campaigns,
    erase,
    events,
    forget,
    insertFailures,
  }: {
    campaigns: Pick<SqliteCampaigns, 'shard' | 'closeShard' | 'state'>;
    erase: Pick<Erase, 'within'>;
    events: Pick<SqliteEvents, 'store'>;
    forget: SqliteInstallations['forget'];
    insertFailures(failures: Failure[]): void;
  },
) {
  /** `commitChunk` of the port, for the inside of a transaction. */
  return (told: ChunkCommit): Committed => {
    const row = findChunk(db, told.chunkId);
    if (!row || row.done || row.lease_id !== told.leaseId) return { kind: 'fenced' };
    const commit = erase.within(row, told);
    const done = commit.open.length === 0;
    updateChunk(db, row, commit);
    const failures = failuresOf(row, commit, forget);
    countInShard(db, campaigns, { row, commit, failures });
    insertFailures(failures);
    events.store(commit.events ?? []);
    const campaignClosed = done && campaigns.closeShard(row.campaign_id, row.shard, commit.now);
    return {
      kind: 'committed',
      state: campaigns.state(row.campaign_id),
      campaignClosed,
    };
  };
}

function updateChunk(db: Database, row: ChunkRow, commit: ReturnType<Erase['within']>) {
  const { open, lease, now, dueAt } = commit;
  const done = open.length === 0;
  const kept = 'keep' in lease && !done ? lease.keep : null;
  const released = 'release' in lease ? lease : null;
  db.sql(
    `UPDATE chunks SET outcomes = ?, done = ?, lease_id = ?, lease_until = ?, not_before = ?,
       stalled = ?, released_at = ?, due_at = ? WHERE id = ?`,
  ).run(
    withCommit(outcomesOf(row), commit),
    done ? 1 : 0,
    kept?.id ?? null,
    kept?.until ?? null,
    released ? released.notBefore : row.not_before,
    released ? released.stalled : row.stalled,
    released ? now : row.released_at,
    done ? null : dueAt,
    row.id,
  );
  // a statement of its own: commits of campaigns have none
  if (commit.names)
    db.sql('UPDATE chunks SET names = ? WHERE id = ?').run(JSON.stringify(commit.names), row.id);
  if (done) settleRecipients(db, row.id);
}

/** The failures as they are stored: `pruned` where the installation was removed for its token. */
function failuresOf(
  row: ChunkRow,
  { forget: dead, failures }: ChunkCommit,
  forget: SqliteInstallations['forget'],
) {
  const forgotten = new Set(
    dead.filter((it) => forget(row.app, it)).map((it) => it.installationId),
  );
  return failures.map(
    (it): Failure => ({
      ...it,
      campaignId: row.campaign_id,
      chunkId: row.id,
      ...(forgotten.has(it.installationId) && { pruned: true }),
    }),
  );
}

/** Adds the commit to its shard. */
function countInShard(
  { sql }: Database,
  campaigns: Pick<SqliteCampaigns, 'shard'>,
  {
    row,
    commit,
    failures,
  }: { row: ChunkRow; commit: ReturnType<Erase['within']>; failures: readonly Failure[] },
) {
  const pruned = failures.filter((it) => it.pruned);
  const shard = campaigns.shard(row.campaign_id, row.shard)!;
  const counts = addCounts(shard.counts, {
    recipients: 0,
    accepted: commit.accepted,
    failed: commit.failed.length,
    skipped: commit.skipped.length,
    reasons: tally(commit.failed),
    ...(pruned.length > 0 && { pruned: tally(pruned) }),
  });
  sql(
    `UPDATE shards SET accepted = ?, failed = ?, skipped = ?, reasons = ?, pruned = ?,
       chunks_done = chunks_done + ? WHERE campaign_id = ? AND idx = ?`,
  ).run(
    counts.accepted,
    counts.failed,
    counts.skipped,
    JSON.stringify(counts.reasons),
    JSON.stringify(counts.pruned ?? {}),
    commit.open.length === 0 ? 1 : 0,
    row.campaign_id,
    row.shard,
  );
  if (commit.held)
    sql(
      `UPDATE shards SET held = held + ?, held_until = max(held_until, ?)
       WHERE campaign_id = ? AND idx = ?`,
    ).run(commit.held.recipients, commit.held.until, row.campaign_id, row.shard);
}
