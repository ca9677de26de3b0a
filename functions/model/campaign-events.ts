/**
 * Creates the events of a campaign, of its chunks and of a webhook, with the data of that moment.
 *
 * An event is stored by the write that makes it true (`Store`), and published after that. Its id is
 * the same each time it is published. The id has no full stop in it: a webhook's signature covers it,
 * and full stops separate the parts of what is signed.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */

import { hash } from 'node:crypto';
import { chunked } from '../lib/chunked.ts';
import { rfc3339 } from '../lib/rfc3339.ts';
import type { Campaign, Counts, Sums } from './campaign.ts';
import type { Chunk, ChunkCommit } from './chunk.ts';
import type { CampaignEvent, EventType } from './event.ts';
import type { ReceiptCounts } from './receipt.ts';
import { ROWS_VERSION, type WarehouseRow } from './rows.ts';
import type { EventData } from './schemas/events.ts';
import { unreadOf } from './unread.ts';

type Data<T extends EventType> = EventData[T];

// ----------------------------------------------------------------------------------- of a campaign

const event = <T extends EventType>(
  type: T,
  { id: subject, app }: Pick<Campaign, 'id' | 'app'>,
  id: string,
  at: number,
  data: Data<T>,
): CampaignEvent => ({ id, type, subject, app, at, data });

const campaignData = ({ id, app, name, state, reason, createdAt }: Campaign) => ({
  campaign: { id, app, name, state, reason, createdAt: rfc3339(createdAt) },
});

const countsData = ({
  recipients,
  accepted,
  failed,
  skipped,
  skippedBy,
  held,
  heldUntil,
}: Sums) => ({
  counts: {
    recipients,
    accepted,
    failed,
    skipped,
    pending: recipients - accepted - failed - skipped,
    ...(skippedBy && { skippedBy }),
    ...(held !== undefined && { held }),
    ...(heldUntil !== undefined && { heldUntil: rfc3339(heldUntil) }),
  },
});

/*
 * The timeline of a campaign: its events, numbered from 1. The number ends the event's id, so that a
 * store can read it from there.
 */

export const acceptedEvent = (it: Campaign, seq: number) =>
  event('campaign.accepted', it, `${it.id}-accepted-${seq}`, it.createdAt, campaignData(it));

export const startedEvent = (it: Campaign, at: number, seq: number) =>
  event('campaign.started', it, `${it.id}-started-${seq}`, at, campaignData(it));

export const pausedEvent = (it: Campaign, at: number, seq: number) =>
  event('campaign.paused', it, `${it.id}-paused-${seq}`, at, campaignData(it));

/** The event's number in its campaign's timeline; null: it is no part of it. */
export const numberInTimeline = ({
  id,
  type,
}: Pick<CampaignEvent, 'id' | 'type'>): number | null =>
  type.startsWith('campaign.') && type !== 'campaign.progress' && type !== 'campaign.receipts'
    ? Number(id.slice(id.lastIndexOf('-') + 1))
    : null;

export const progressEvent = (it: Campaign, counts: Counts, at: number) =>
  event('campaign.progress', it, `${it.id}-progress-${at}`, at, {
    ...campaignData(it),
    ...countsData(counts),
  });

/** `counts`: of the ledger. Its id names the moment, so that each one is told. */
export const receiptsEvent = (it: Campaign, counts: Sums, receipts: ReceiptCounts, at: number) =>
  event('campaign.receipts', it, `${it.id}-receipts-${at}`, at, {
    ...campaignData(it),
    ...countsData(counts),
    receipts,
  });

/** The most reasons of failures in one event. */
const TOP_REASONS = 20;

/** The event of a closed campaign: `campaign.failed` if it had recipients and all of them failed. */
export function closedEvent(it: Campaign, counts: Counts, seq: number) {
  const { recipients, failed, reasons } = counts;
  const unread = unreadOf(it, counts);
  const word = recipients > 0 && failed === recipients ? 'failed' : 'completed';
  return event(`campaign.${word}`, it, `${it.id}-${word}-${seq}`, it.closedAt!, {
    ...campaignData(it),
    ...countsData(counts),
    ...(unread > 0 && { unread }),
    closedAt: rfc3339(it.closedAt!),
    reasons: Object.entries(reasons)
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason))
      .slice(0, TOP_REASONS),
  });
}

/** The result of a campaign in its closing event; null for an event of another type. */
export function closedIn({ type, data }: CampaignEvent) {
  if (type !== 'campaign.completed' && type !== 'campaign.failed') return null;
  const { campaign, counts, reasons, unread = 0 } = data as Data<'campaign.completed'>;
  const { skippedBy, held, heldUntil, ...sums } = counts;
  return {
    unread,
    state: campaign.state,
    counts: {
      ...sums,
      ...(skippedBy && { skippedBy }),
      ...(held !== undefined && { held }),
      ...(heldUntil !== undefined && { heldUntil: Date.parse(heldUntil) }),
      reasons: Object.fromEntries(reasons.map(({ reason, count }) => [reason, count])),
    },
  };
}

// -------------------------------------------------------------------------------------- of a chunk

/** Installations in one event: an event is one request, and Standard Webhooks advises at most 20 KB. */
const IN_ONE_EVENT = 100;

/**
 * The events of a commit, of the types that listeners want. Their ids are made of the lease, which is good
 * for one commit, so that a commit that is tried again makes the same ids.
 */
export function chunkEvents(
  { campaignId, app, provider }: Pick<Chunk, 'campaignId' | 'app' | 'provider'>,
  { chunkId, leaseId, failures, forget, now }: ChunkCommit,
  wanted: ReadonlySet<EventType>,
): CampaignEvent[] {
  const of = { campaignId, app, provider };
  const campaign = { id: campaignId, app };
  const mark = `${chunkId.replaceAll('.', '-')}-${hash('sha256', leaseId).slice(0, 12)}`;
  const gone = inParts(wanted.has('installation.unregistered') ? forget : []).map((some, part) =>
    event('installation.unregistered', campaign, `${mark}-unregistered-${part}`, now, {
      ...of,
      installations: some.map((it) => ({ id: it.installationId, since: rfc3339(it.since) })),
    }),
  );
  const failed = inParts(wanted.has('push.failed') ? failures : []).map((some, part) =>
    event('push.failed', campaign, `${mark}-failed-${part}`, now, {
      ...of,
      failures: some.map(({ installationId, outcome, reason, attempts, at }) => ({
        installationId,
        outcome,
        reason: reason.slice(0, 200),
        attempts,
        at: rfc3339(at),
      })),
    }),
  );
  return [...gone, ...failed];
}

const inParts = <T>(items: readonly T[]) => chunked(items, IN_ONE_EVENT);

// ---------------------------------------------------------------------------------- for a warehouse

/** A part of the rows of a campaign. `run`, in ms, names the export that it is of. */
export const rowsEvent = (it: Campaign, run: number, part: number, rows: WarehouseRow[]) =>
  event('warehouse.rows', it, `${it.id}-rows-${run}-${part}`, run, {
    schema: ROWS_VERSION,
    run: rfc3339(run),
    part,
    rows: rows.map((row) => ({ ...row })),
  });

// ------------------------------------------------------------------------------------ of a webhook

/** An event of a webhook. `app`: null for a webhook of all apps; `at`: ms since the epoch. */
export function webhookEvent<T extends 'webhook.disabled' | 'webhook.test'>(
  type: T,
  { webhookId, app }: { webhookId: string; app: string | null },
  at: number,
  data: Data<T>,
): CampaignEvent {
  const id = `${webhookId}-${type.slice('webhook.'.length)}-${at}`;
  return { id, type, subject: webhookId, app, at, data };
}
