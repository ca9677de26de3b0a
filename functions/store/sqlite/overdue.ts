/** The sweep: work whose time has passed, taken in one transaction. */

import type { Campaign } from '../../model/campaign.ts';
import type { Overdue, Work } from '../../model/work.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { requestOf } from './campaigns.ts';
import { OPEN_FIELDS, toOpenChunk } from './chunks.ts';

/** Takes at most `limit`, called in a transaction. */
type Take = (now: number, next: number, limit: number) => Overdue[];

export function sqliteOverdue(
  { sql, transaction }: Database,
  findCampaign: (id: string) => Campaign | null,
  others: Take[],
) {
  const campaigns: Take = (now, next, limit) =>
    sql(
      `SELECT id, due_at, json_extract(request, '$.task') AS task
       FROM campaigns WHERE due_at <= ? LIMIT ?`,
    )
      .all(now, limit)
      .map((row) => {
        sql('UPDATE campaigns SET due_at = ? WHERE id = ?').run(next, row.id!);
        const campaignId = row.id as string;
        return { kind: 'campaign', campaignId, ...timeAndTask(row) };
      });

  const shards: Take = (now, next, limit) =>
    sql('SELECT campaign_id, idx, due_at, task FROM shards WHERE due_at <= ? LIMIT ?')
      .all(now, limit)
      .map((row) => {
        const [campaignId, shard] = [row.campaign_id as string, row.idx as number];
        sql('UPDATE shards SET due_at = ? WHERE campaign_id = ? AND idx = ?').run(
          ...[next, campaignId, shard],
        );
        return { kind: 'shard', campaignId, shard, ...timeAndTask(row) };
      });

  const chunks: Take = (now, next, limit) =>
    sql(`SELECT ${OPEN_FIELDS}, campaign_id, due_at FROM chunks WHERE due_at <= ? LIMIT ?`)
      .all(now, limit)
      .map((row) => {
        sql('UPDATE chunks SET due_at = ? WHERE id = ?').run(next, row.id!);
        const chunk = toOpenChunk(row as unknown as Parameters<typeof toOpenChunk>[0]);
        const campaignId = row.campaign_id as string;
        return { kind: 'chunk', campaignId, ...chunk, dueAt: row.due_at as number };
      });

  function note(it: Work & { task: string }) {
    switch (it.kind) {
      case 'campaign': {
        const found = findCampaign(it.campaignId);
        if (found)
          sql('UPDATE campaigns SET request = ? WHERE id = ?').run(
            ...[requestOf({ ...found, task: it.task }), it.campaignId],
          );
        return;
      }
      case 'shard':
        sql('UPDATE shards SET task = ? WHERE campaign_id = ? AND idx = ?').run(
          ...([it.task, it.campaignId, it.shard] as const),
        );
        return;
      case 'chunk':
        sql('UPDATE chunks SET task = ? WHERE id = ?').run(it.task, it.chunkId);
        return;
      case 'delivery':
        sql(`UPDATE deliveries SET record = json_set(record, '$.task', ?) WHERE id = ?`).run(
          ...[it.task, it.deliveryId],
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

const timeAndTask = (row: Record<string, unknown>) => ({
  dueAt: row.due_at as number,
  task: row.task as string | null,
});
