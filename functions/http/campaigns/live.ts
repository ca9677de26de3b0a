/**
 * Live progress of campaigns: their events in order, and in between their counts. A process has one
 * poller for a campaign, shared by all its listeners; it stops with the last of them.
 *
 * The id of a message is the position of its reader: the number in the timeline, and a hash of the
 * counts. A client that reconnects with it misses nothing and gets nothing twice.
 */

import { hash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Campaign, type CampaignState, isClosed, type Sums } from '../../model/campaign.ts';
import { type CampaignEvent, toCloudEvent } from '../../model/event.ts';
import { WAVE_AHEAD_MS } from '../../model/timing.ts';
import { type ReceiptSummary, receiptSummary } from '../../pipeline/receipt-report.ts';
import { type Standing, standingOf, type WaveProgress } from '../../pipeline/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import { type CampaignView, campaignView } from './view.ts';

export interface Message {
  id: string;
  /** an event's type, with the event; or `campaign`, with the campaign as it is */
  event: CampaignEvent['type'] | 'campaign';
  data: unknown;
}

export interface News {
  messages: Message[];
  /** the campaign is closed, and all was told */
  ended: boolean;
}

export interface Listener {
  /** What came after that position; empty after `waitMs`. Null: there is no such campaign. */
  next(after: string | null, waitMs: number, signal: AbortSignal): Promise<News | null>;
  /** may be called more than once */
  close(): void;
}

export interface Live {
  /** Null if there are too many listeners. */
  listen(campaignId: string): Listener | null;
}

/** ms between two looks at a campaign, at first. */
const POLL_MS = 500;
/** Each look costs reads, so a tenth of the time since the first passes between two, up to four times as much. */
const [SHARE_OF_AGE, SLOWEST] = [0.1, 4];
/** Counts cost a read a shard, so a campaign of many is polled less often: with 500, every 5 s. */
const POLL_MS_A_SHARD = 10;
const AGAIN_MS = 2_000;
/** ms between two looks at what devices reported. */
const RECEIPTS_MS = 5_000;
/** The same at the counts of a campaign whose waves all wait for their time: it may have 24 hours of them. */
const WAITING_MS = 30_000;
/** ms in which a wave that is due begins. Later something else holds it, such as a canary. */
const DUE_MS = 5 * 60 * 1000;
/** Each listener holds a request; more of them have to go to another instance. */
const MAX_LISTENERS = 500;

interface Snapshot {
  campaign: CampaignView;
  /** a hash of state, reason, counts, receipts and waves */
  mark: string;
  timeline: { seq: number; event: CampaignEvent }[];
  shards: number;
}

interface Poller {
  listeners: number;
  /** what devices reported, and when that was read */
  receipts: { at: number; summary: ReceiptSummary | null } | null;
  /** counts and waves, when they were read, and in which state of the campaign */
  counted: (Standing & { at: number; state: CampaignState }) | null;
  /** undefined: not polled yet; null: no such campaign */
  latest: Snapshot | null | undefined;
  error: unknown;
  /** resolves at the next poll */
  looked: PromiseWithResolvers<void>;
  idle: AbortController;
}

export function createLive(
  ports: Pick<Ports, 'store' | 'log' | 'now'>,
  { pollMs = POLL_MS, now = () => performance.now() }: { pollMs?: number; now?: () => number } = {},
): Live {
  const pollers = new Map<string, Poller>();
  let listening = 0;

  const viewOf = readingOf(ports, now);

  async function look(id: string, it: Poller): Promise<Snapshot | null> {
    const { store } = ports;
    // in this order: the event that closes a campaign is stored before its state
    const campaign = await store.getCampaign(id);
    if (!campaign) return null;
    const told = it.latest?.timeline ?? [];
    const [view, more] = await Promise.all([
      viewOf(it, campaign),
      store.timeline(id, told.at(-1)?.seq ?? 0),
    ]);
    const timeline = [...told, ...more];
    const mark = hash(
      'sha256',
      JSON.stringify([view.state, view.reason, view.counts, view.receipts, view.waves]),
    );
    return { campaign: view, mark: mark.slice(0, 12), timeline, shards: campaign.shards };
  }

  /** Never rejects. */
  async function poll(id: string, it: Poller) {
    const begun = now();
    while (!it.idle.signal.aborted) {
      let pauseMs = AGAIN_MS;
      try {
        it.latest = await look(id, it);
        it.error = null;
        pauseMs = pauseAfter(now() - begun, pollMs, it.latest?.shards ?? 0);
      } catch (error) {
        if (it.error === null) ports.log.unexpected({ where: 'live progress', error });
        it.error = error;
      }
      const { looked } = it;
      it.looked = Promise.withResolvers();
      looked.resolve();
      await wait(pauseMs, null, { signal: it.idle.signal }).catch(() => {});
    }
  }

  function join(id: string): Poller {
    let it = pollers.get(id);
    if (!it) {
      it = {
        listeners: 0,
        receipts: null,
        counted: null,
        latest: undefined,
        error: null,
        looked: Promise.withResolvers(),
        idle: new AbortController(),
      };
      pollers.set(id, it);
      void poll(id, it);
    }
    it.listeners += 1;
    listening += 1;
    return it;
  }

  function leave(id: string, it: Poller) {
    listening -= 1;
    it.listeners -= 1;
    if (it.listeners > 0) return;
    it.idle.abort();
    pollers.delete(id);
  }

  return {
    listen(id) {
      if (listening >= MAX_LISTENERS) return null;
      const it = join(id);
      let closed = false;
      return {
        next: (after, waitMs, signal) => nextNews(it, { after, waitMs, signal }),
        close() {
          if (!closed) leave(id, it);
          closed = true;
        },
      };
    },
  };
}

/** ms until the next look at a campaign that was first looked at `age` ms ago. */
export const pauseAfter = (age: number, pollMs: number, shards: number) =>
  Math.max(pollMs, Math.min(SHARE_OF_AGE * age, SLOWEST * pollMs), shards * POLL_MS_A_SHARD);

/** Reads a campaign as it is shown; what costs more than it is news is read more seldom. */
function readingOf({ store, now: clock }: Pick<Ports, 'store' | 'now'>, now: () => number) {
  /** Receipts cost four reads, so they are read more seldom than the counts. */
  async function receiptsFor(it: Poller, campaign: Campaign, counts: Sums) {
    if (it.receipts === null || now() - it.receipts.at >= RECEIPTS_MS || isClosed(campaign.state))
      it.receipts = { at: now(), summary: await receiptSummary({ store }, campaign, counts) };
    return it.receipts.summary;
  }

  /** Waves that wait change when the first of them begins, or with the campaign's state. */
  async function standingFor(it: Poller, campaign: Campaign): Promise<Standing> {
    const { state } = campaign;
    const before = it.counted;
    const isIdle = before?.state === state && areIdle(before.waves, clock());
    if (!before || !isIdle || now() - before.at >= WAITING_MS)
      it.counted = { ...(await standingOf(store, campaign)), at: now(), state };
    return it.counted!;
  }

  return async (it: Poller, campaign: Campaign) => {
    const { counts, waves } = await standingFor(it, campaign);
    return campaignView(campaign, counts, await receiptsFor(it, campaign, counts), waves);
  };
}

/** Whether nothing changes at `at`, in ms since the epoch: none is begun, and the next is not due. */
function areIdle(waves: WaveProgress[], at: number): boolean {
  const next = waves.find(({ state }) => state === 'waiting');
  if (!next || waves.some(({ state }) => state === 'planning' || state === 'sending')) return false;
  const due = next.at - WAVE_AHEAD_MS;
  return at < due || at > due + DUE_MS;
}

/** `next` of a listener. */
async function nextNews(
  it: Poller,
  { after, waitMs, signal }: { after: string | null; waitMs: number; signal: AbortSignal },
): Promise<News | null> {
  const late = new AbortController();
  const over = () => late.abort();
  signal.addEventListener('abort', over);
  if (signal.aborted) over();
  const deadline = wait(waitMs, null, { signal: late.signal }).catch(() => {});
  try {
    for (let isLate = false; ; ) {
      const { latest, error, looked } = it;
      if (latest === null) return null;
      const news = latest && newsOf(latest, after);
      if (news && (news.messages.length > 0 || news.ended || isLate)) return news;
      // the first poll is awaited even beyond the time, and its failure is thrown
      if (!latest && error !== null) throw error;
      if (isLate && signal.aborted) return { messages: [], ended: false };
      isLate = await Promise.race([
        looked.promise.then(() => false),
        ...(latest || signal.aborted ? [deadline.then(() => true)] : []),
      ]);
    }
  } finally {
    over();
    signal.removeEventListener('abort', over);
  }
}

const POSITION = /^(\d{1,6})(?:-([0-9a-f]{1,12}))?$/;

/** The messages after a position. An id that is none of ours counts as the beginning. */
function newsOf({ campaign, mark, timeline }: Snapshot, after: string | null): News {
  const [, seen = '0', seenMark] = after?.match(POSITION) ?? [];
  const fresh = timeline.filter(({ seq }) => seq > Number(seen));
  const last = timeline.at(-1)?.seq ?? 0;
  const messages: Message[] = fresh.map(({ seq, event }) => ({
    id: String(seq),
    event: event.type,
    data: toCloudEvent(event),
  }));
  if (fresh.length > 0 || seenMark !== mark)
    messages.push({ id: `${last}-${mark}`, event: 'campaign', data: campaign });
  return { messages, ended: isClosed(campaign.state) };
}
