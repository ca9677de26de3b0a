/**
 * listeners: which events of a campaign are wanted while it is sent. A chunk asks before each commit,
 * and writes no events for a campaign without listeners.
 */

import { setNewest } from '../lib/bounded-map.ts';
import { createdOnce } from '../lib/created-once.ts';
import { freshAnswer, type KeptAnswer } from '../lib/fresh-answer.ts';
import type { EventType } from '../model/event.ts';
import type { Ports, Store } from '../ports/ports.ts';
import { leaveToSweep, publish } from './complete.ts';

/**
 * Milliseconds that an answer is cached. A webhook that is registered during a campaign gets no events
 * for that long.
 */
const KNOWN_MS = 2 * 1000;
/** The least milliseconds between two progress events of a campaign. */
export const PROGRESS_EVERY_MS = 5 * 1000;
/** The same between two events of its receipts. */
const RECEIPTS_EVERY_MS = 5 * 1000;
/** Campaigns in the cache. A campaign that was dropped costs one more query. */
const MAX_KNOWN = 1000;

/** By store: a process has one, a test may have several. */
const known = new WeakMap<Store, Map<string, KeptAnswer<Set<EventType>>>>();
const progressDue = new WeakMap<Store, Map<string, number>>();
const receiptsDue = new WeakMap<Store, Map<string, number>>();

interface CampaignKey {
  app: string;
  campaignId: string;
}

const mapOf = <V>(maps: WeakMap<Store, Map<string, V>>, store: Store) =>
  createdOnce(maps, store, () => new Map<string, V>());

/**
 * The types of events of this campaign that a webhook or a live stream wants, as they were at most `ageMs`
 * ago. Throws when the store fails.
 */
export function listenedTo(
  { store, now }: Ports,
  { app, campaignId }: CampaignKey,
  ageMs = KNOWN_MS,
) {
  const ask = async () => {
    const hooks = await store.webhooksFor(app, campaignId);
    return new Set(hooks.flatMap((it) => it.types));
  };
  return freshAnswer(mapOf(known, store), campaignId, ask, { now, ageMs, most: MAX_KNOWN });
}

/**
 * Publishes the progress of a campaign every few seconds, if it has listeners. Called after each commit.
 * A campaign that ends within seconds has no progress events. Never rejects: a failure is logged, since
 * the commit is what counts.
 */
export async function tellProgress(ports: Ports, it: CampaignKey): Promise<void> {
  const { store, now } = ports;
  const due = mapOf(progressDue, store);
  const at = due.get(it.campaignId);
  if (at !== undefined && now() < at) return;
  setNewest(due, it.campaignId, now() + PROGRESS_EVERY_MS, MAX_KNOWN);
  if (at === undefined) return;
  try {
    if (!(await listenedTo(ports, it)).has('campaign.progress')) return;
    const event = await store.noteProgress(it.campaignId, now(), PROGRESS_EVERY_MS);
    if (event) await publish(ports, [event]);
  } catch (error) {
    leaveToSweep(ports, it.campaignId)(error);
  }
}

/**
 * Publishes the receipts of a campaign that has listeners, every few seconds. Called after some were counted.
 * What is not told here the sweep tells, after the last receipt. Never rejects.
 */
export async function tellReceipts(ports: Ports, campaignId: string): Promise<void> {
  const { store, now } = ports;
  const due = mapOf(receiptsDue, store);
  if (now() < (due.get(campaignId) ?? Number.NEGATIVE_INFINITY)) return;
  setNewest(due, campaignId, now() + RECEIPTS_EVERY_MS, MAX_KNOWN);
  try {
    const event = await store.noteReceipts(campaignId, now(), RECEIPTS_EVERY_MS);
    if (event) await publish(ports, [event]);
  } catch (error) {
    leaveToSweep(ports, campaignId)(error);
  }
}
