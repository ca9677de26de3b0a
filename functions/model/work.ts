/** Work that has tasks, and that the sweep finds when its task is lost. */

import type { LastTask, OpenChunk } from './chunk.ts';
import type { CampaignEvent } from './event.ts';

/** Work that has a task. */
export type Work =
  | { kind: 'campaign'; campaignId: string }
  | { kind: 'shard'; campaignId: string; shard: number }
  | { kind: 'chunk'; chunkId: string }
  | { kind: 'delivery'; deliveryId: string };

/** Work whose time has passed: it waits in its queue, its task was lost, or its worker died. */
export type Overdue = { dueAt: number } & (
  | { kind: 'campaign'; campaignId: string; task: LastTask }
  | { kind: 'shard'; campaignId: string; shard: number; task: LastTask }
  | ({ kind: 'chunk'; campaignId: string } & OpenChunk)
  /** an event that was stored, but not published */
  | { kind: 'event'; event: CampaignEvent }
  /** receipts that were counted, and may not have been told */
  | { kind: 'receipts'; campaignId: string }
  | { kind: 'delivery'; deliveryId: string; webhookId: string; tries: number; task: LastTask }
);
