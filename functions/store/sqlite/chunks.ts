/** Frozen chunks: freeze, claim, commit. Every write is fenced by its owner. */

import { bucketOf } from '../../model/bucket.ts';
import type { Chunk, ChunkCommit, Failure, NewChunk, OpenChunk } from '../../model/chunk.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { FrozenPage, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { addCounts, MAX_BADGE, tally } from '../counts.ts';
import { nameAndIndex } from '../cursor.ts';
import { cutLease, isEarly, leaseState } from '../leases.ts';
import { pack, unpack } from '../recipients.ts';
import type { sqliteCampaigns } from './campaigns.ts';
import type { Erase } from './erase.ts';
import type { SqliteEvents } from './events.ts';
import type { sqliteInstallations } from './installations.ts';

interface ChunkRow {
  id: string;
  campaign_id: string;
  shard: number;
  app: string;
  provider: Provider;
  environment: Chunk['environment'];
  size: number;
  /** JSON list of indices; null is all of them */
  open: string | null;
  doubtful: string;
  attempt: number;
  not_before: number;
  expires_at: number;
  lease_id: string | null;
  lease_until: number | null;
  stalled: number;
  /** when the last attempt ended */
  released_at: number | null;
  done: 0 | 1;
  /** JSON list of indices to be taken out when the lease ends */
  erase: string | null;
  task: string | null;
}

type FailureRow = Omit<Failure, 'pruned' | 'detail'> & { pruned: 0 | 1; detail: string | null };

/** Of a chunk that is not done. */
export const OPEN_FIELDS = 'id, provider, size, not_before, attempt, lease_until, task';

/** How many chunks `openChunks` reads at once. */
const OPEN_PAGE = 500;

export function sqliteChunks(
  { sql, transaction, together }: Database,
  campaigns: ReturnType<typeof sqliteCampaigns>,
  forget: ReturnType<typeof sqliteInstallations>['forget'],
  events: SqliteEvents,
  erase: Erase,
) {
  const find = (id: string) =>
    sql('SELECT * FROM chunks WHERE id = ?').get(id) as ChunkRow | undefined;

  function insert(chunk: NewChunk) {
    sql(
      `INSERT INTO chunks (id, campaign_id, shard, app, provider, environment, size, not_before,
         expires_at, due_at) VALUES (?,?,?,?,?,?,?,?,?,?)`,
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
      chunk.dueAt,
    );
    const recipients = chunk.recipients.map((it) =>
      it.badge === undefined
        ? it
        : { ...it, badge: countUp(chunk.app, it.installationId, it.badge) },
    );
    sql('INSERT INTO chunk_recipients VALUES (?, ?)').run(chunk.id, pack(recipients));
  }

  const countUp = (app: string, id: string, by: number) =>
    sql(
      `INSERT INTO badges VALUES (?1,?2,?3,min(?4, ${MAX_BADGE}))
       ON CONFLICT DO UPDATE SET count = min(count + ?4, ${MAX_BADGE}) RETURNING count`,
    ).get(app, bucketOf(id), id, by)!.count as number;

  function insertFailures(failures: Failure[]) {
    const statement = sql('INSERT INTO failures VALUES (?,?,?,?,?,?,?,?,?,?,?,?)');
    for (const it of failures)
      statement.run(
        it.campaignId,
        it.chunkId,
        it.index,
        it.provider,
        it.installationId,
        it.token,
        it.outcome,
        it.reason,
        it.attempts,
        it.at,
        it.pruned ? 1 : 0,
        it.detail ?? null,
      );
  }

  /** Called in a transaction. */
  const freeze = (read: FrozenPage) => {
    const page = { ...read, chunks: erase.late(read.chunks, read.now) };
    const size = page.chunks.reduce((sum, chunk) => sum + chunk.recipients.length, 0);
    const fenced = sql(
      `UPDATE shards SET pages = pages + 1, cursor_bucket = ?, cursor_id = ?, planned = ?,
         chunks = chunks + ?, recipients = recipients + ?, skipped = skipped + ?,
         left_out = left_out + ?, due_at = ?
       WHERE campaign_id = ? AND idx = ? AND pages = ? AND planned = 0`,
    ).run(
      page.cursor?.bucket ?? null,
      page.cursor?.id ?? null,
      page.last ? 1 : 0,
      page.chunks.length,
      size + page.skipped,
      page.skipped,
      page.leftOut ?? 0,
      page.last ? null : page.dueAt,
      page.campaignId,
      page.shard,
      page.page,
    ).changes;
    if (fenced === 0) return { kind: 'stale' as const };
    if (page.missing) campaigns.addMissing(page.campaignId, page.shard, page.missing);
    for (const chunk of page.chunks) insert(chunk);
    const campaignClosed = page.last && campaigns.closeShard(page.campaignId, page.shard, page.now);
    return { kind: 'frozen' as const, campaignClosed };
  };

  const commit = (told: ChunkCommit) => {
    const row = find(told.chunkId);
    if (!row || row.done || row.lease_id !== told.leaseId) return { kind: 'fenced' as const };
    const commit = erase.within(row, told);
    const done = commit.open.length === 0;
    const keep = 'keep' in commit.lease && !done ? commit.lease.keep : null;
    sql(
      `UPDATE chunks SET open = ?, doubtful = ?, done = ?, lease_id = ?, lease_until = ?,
         not_before = ?, stalled = ?, released_at = ?, due_at = ? WHERE id = ?`,
    ).run(
      JSON.stringify(commit.open),
      JSON.stringify(commit.doubtful),
      done ? 1 : 0,
      keep?.id ?? null,
      keep?.until ?? null,
      'release' in commit.lease ? commit.lease.notBefore : row.not_before,
      'release' in commit.lease ? commit.lease.stalled : row.stalled,
      'release' in commit.lease ? commit.now : row.released_at,
      done ? null : commit.dueAt,
      row.id,
    );
    const forgotten = new Set(
      commit.forget
        .filter((it) => forget(row.app, it.installationId, it.token, it.since))
        .map((it) => it.installationId),
    );
    const failures = commit.failures.map(
      (it): Failure => ({
        ...it,
        ...{ campaignId: row.campaign_id, chunkId: row.id },
        ...(forgotten.has(it.installationId) && { pruned: true }),
      }),
    );
    const shard = campaigns.shard(row.campaign_id, row.shard)!;
    const counts = addCounts(shard.counts, {
      recipients: 0,
      accepted: commit.accepted,
      failed: commit.failed.length,
      skipped: commit.skipped,
      reasons: tally(commit.failed),
      ...(forgotten.size > 0 && { pruned: tally(failures.filter((it) => it.pruned)) }),
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
      done ? 1 : 0,
      row.campaign_id,
      row.shard,
    );
    insertFailures(failures);
    events.store(commit.events ?? []);
    const campaignClosed = done && campaigns.closeShard(row.campaign_id, row.shard, commit.now);
    const state = campaigns.state(row.campaign_id);
    return {
      ...{ kind: 'committed' as const, state, campaignClosed },
      ...(done && { shard: counts }),
    };
  };

  const verbs = {
    freezePage: async (page: FrozenPage) => transaction(() => freeze(page)),

    claimChunk: (chunkId, lease, now) =>
      together(() => {
        let row = find(chunkId);
        if (!row) return { kind: 'missing' as const };
        if (row.done) return { kind: 'done' as const };
        const lasting = leaseState(row.lease_id, row.lease_until ?? 0, now);
        if (lasting === 'beyond') {
          row.lease_until = cutLease(now);
          sql('UPDATE chunks SET lease_until = ?1, due_at = ?1 WHERE id = ?2').run(
            row.lease_until,
            chunkId,
          );
        }
        if (lasting !== 'free') return { kind: 'leased' as const, until: row.lease_until! };
        if (row.erase !== null) {
          erase.pending(row, now);
          row = find(chunkId)!;
          if (row.done) return { kind: 'done' as const };
        }
        const campaign = campaigns.find(row.campaign_id)!;
        if (campaign.state === 'paused') return { kind: 'paused' as const };
        if (isEarly(row.not_before, row.released_at, now) && campaign.state !== 'cancelling')
          return { kind: 'early' as const, notBefore: row.not_before };
        sql(
          `UPDATE chunks SET lease_id = ?, lease_until = ?, due_at = ?, attempt = attempt + 1
           WHERE id = ?`,
        ).run(lease.id, lease.until, lease.until, chunkId);
        const packed = sql('SELECT packed FROM chunk_recipients WHERE chunk_id = ?').get(chunkId);
        return {
          kind: 'claimed' as const,
          campaign,
          chunk: toChunk(row, packed!.packed as string),
        };
      }),

    /** A checkpoint is of a large one, which gains nothing by company. */
    commitChunk: async (it) =>
      'keep' in it.lease ? transaction(() => commit(it)) : together(() => commit(it)),

    async *openChunks(campaignId, shard) {
      let after = { shard: shard ?? 0, id: '' };
      for (;;) {
        const rows = sql(
          `SELECT ${OPEN_FIELDS}, shard FROM chunks
           WHERE campaign_id = ? AND done = 0 AND (shard, id) > (?, ?) AND shard <= ?
           ORDER BY shard, id LIMIT ?`,
        ).all(
          campaignId,
          after.shard,
          after.id,
          shard ?? Number.MAX_SAFE_INTEGER,
          OPEN_PAGE,
        ) as unknown as ChunkRow[];
        const last = rows.at(-1);
        if (!last) return;
        yield rows.map(toOpenChunk);
        after = last;
      }
    },

    moveChunks: async (chunks, now) =>
      transaction(() => {
        const move = sql(
          `UPDATE chunks SET not_before = ifnull(?, not_before), expires_at = ifnull(?, expires_at),
             released_at = iif(?, NULL, released_at), due_at = ?, task = ifnull(?, task)
           WHERE id = ? AND done = 0 AND (lease_id IS NULL OR lease_until <= ?)`,
        );
        for (const { chunkId, dueAt, slot, task = null } of chunks)
          move.run(
            ...([slot?.notBefore ?? null, slot?.expiresAt ?? null, slot ? 1 : 0] as const),
            ...[dueAt, task, chunkId, now],
          );
      }),

    async listFailures(campaignId, after, limit) {
      const [chunkId, index] = after === null ? ['', -1] : nameAndIndex(after, FAILURES_CURSOR);
      const rows = sql(
        `SELECT campaign_id AS campaignId, chunk_id AS chunkId, idx AS "index", provider,
           installation_id AS installationId, token, outcome, reason, attempts, at, pruned, detail
         FROM failures WHERE campaign_id = ? AND (chunk_id, idx) > (?, ?)
         ORDER BY chunk_id, idx LIMIT ?`,
      ).all(campaignId, chunkId, index, limit + 1) as unknown as FailureRow[];
      const items = rows.slice(0, limit).map(
        ({ pruned, detail, ...it }): Failure => ({
          ...it,
          ...(pruned === 1 && { pruned: true }),
          ...(detail !== null && { detail }),
        }),
      );
      const last = items.at(-1);
      return {
        items,
        next: rows.length > limit && last ? `${last.chunkId}~${last.index}` : null,
      };
    },
  } satisfies Partial<Store>;

  return { ...verbs, freeze };
}

const FAILURES_CURSOR = /^([\w.-]{1,200})~(\d{1,9})$/;

export const toOpenChunk = (
  row: Pick<
    ChunkRow,
    'id' | 'provider' | 'size' | 'not_before' | 'attempt' | 'lease_until' | 'task'
  >,
): OpenChunk => ({
  ...{ chunkId: row.id, provider: row.provider, size: row.size },
  ...{ notBefore: row.not_before, attempt: row.attempt },
  ...{ leaseUntil: row.lease_until ?? 0, task: row.task },
});

const toChunk = (row: ChunkRow, packed: string): Chunk => ({
  id: row.id,
  campaignId: row.campaign_id,
  shard: row.shard,
  app: row.app,
  provider: row.provider,
  environment: row.environment,
  recipients: unpack(packed),
  open: row.open === null ? Array.from({ length: row.size }, (_, i) => i) : JSON.parse(row.open),
  doubtful: JSON.parse(row.doubtful),
  attempt: row.attempt,
  stalled: row.stalled,
  notBefore: row.not_before,
  expiresAt: row.expires_at,
});
