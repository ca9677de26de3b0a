/** The sweep: work whose time has passed, taken in one transaction. */

import type { Overdue, Work } from '../../model/work.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { requestOf } from '../campaign-request.ts';
import { findCampaign } from './campaign-rows.ts';
import { OPEN_FIELDS, type OpenChunkRow, toOpenChunk } from './chunk-rows.ts';

/** Takes at most `limit` and makes each due again at `next` (ms). Runs in a transaction. */
type Take = (now: number, next: number, limit: number) => Overdue[];

/** `others` take what is overdue in other tables. */
export function sqliteOverdue(db: Database, others: Take[]) {
  const { sql, transaction } = db;

  const campaigns: Take = (now, next, limit) =>
    sql<{ id: string; due_at: number; task: string | null }>(
      `SELECT id, due_at, json_extract(request, '$.task') AS task
       FROM campaigns WHERE due_at <= ? LIMIT ?`,
    )
      .all(now, limit)
      .map(({ id, due_at, task }) => {
        sql('UPDATE campaigns SET due_at = ? WHERE id = ?').run(next, id);
        return { kind: 'campaign', campaignId: id, dueAt: due_at, task };
      });

  const shards: Take = (now, next, limit) =>
    sql<{ campaign_id: string; idx: number; due_at: number; task: string | null }>(
      'SELECT campaign_id, idx, due_at, task FROM shards WHERE due_at <= ? LIMIT ?',
    )
      .all(now, limit)
      .map(({ campaign_id, idx, due_at, task }) => {
        sql('UPDATE shards SET due_at = ? WHERE campaign_id = ? AND idx = ?').run(
          next,
          campaign_id,
          idx,
        );
        return { kind: 'shard', campaignId: campaign_id, shard: idx, dueAt: due_at, task };
      });

  const chunks: Take = (now, next, limit) =>
    sql<OpenChunkRow & { campaign_id: string; due_at: number }>(
      `SELECT ${OPEN_FIELDS}, campaign_id, due_at FROM chunks WHERE due_at <= ? LIMIT ?`,
    )
      .all(now, limit)
      .map((row) => {
        sql('UPDATE chunks SET due_at = ? WHERE id = ?').run(next, row.id);
        const { campaign_id: campaignId, due_at: dueAt } = row;
        return { kind: 'chunk', campaignId, ...toOpenChunk(row), dueAt };
      });

  function note(it: Work & { task: string }) {
    switch (it.kind) {
      case 'campaign': {
        const found = findCampaign(db, it.campaignId);
        if (found)
          sql('UPDATE campaigns SET request = ? WHERE id = ?').run(
            requestOf({ ...found, task: it.task }),
            it.campaignId,
          );
        return;
      }
      case 'shard':
        sql('UPDATE shards SET task = ? WHERE campaign_id = ? AND idx = ?').run(
          it.task,
          it.campaignId,
          it.shard,
        );
        return;
      case 'chunk':
        sql('UPDATE chunks SET task = ? WHERE id = ?').run(it.task, it.chunkId);
        return;
      case 'delivery':
        sql(`UPDATE deliveries SET record = json_set(record, '$.task', ?) WHERE id = ?`).run(
          it.task,
          it.deliveryId,
        );
    }
  }

  return {
    takeOverdue: async (now, next, limit) =>
      transaction(() => {
        const found: Overdue[] = [];
        for (const take of [campaigns, shards, chunks, ...others])
          found.push(...take(now, next, limit - found.length));
        return found;
      }),

    noteTasks: async (work) => transaction(() => work.forEach(note)),
  } satisfies Partial<Store>;
}
