/**
 * Listeners of a campaign while it is sent. A chunk asks for them before it writes what it learnt: for
 * a campaign without listeners it writes no events.
 */

import { setNewest } from '../lib/bounded-map.ts';
import { createdOnce } from '../lib/created-once.ts';
import type { EventType } from '../model/event.ts';
import type { Ports, Store } from '../ports/ports.ts';
import { leaveToSweep, publish } from './complete.ts';

/** A webhook that is registered in the middle of a campaign hears of its chunks after that. */
const KNOWN_MS = 2 * 1000;
export const PROGRESS_EVERY_MS = 5 * 1000;
/** Campaigns remembered; each costs a question again when it was forgotten. */
const MAX_KNOWN = 1000;

interface Known {
  types: Promise<Set<EventType>>;
  until: number;
}

/** By store, since a process has one. */
const known = new WeakMap<Store, Map<string, Known>>();
const progressDue = new WeakMap<Store, Map<string, number>>();

interface Of {
  app: string;
  campaignId: string;
}

const of = <V>(maps: WeakMap<Store, Map<string, V>>, store: Store) =>
  createdOnce(maps, store, () => new Map<string, V>());

/** The types of events of this campaign that a webhook or a live stream wants. */
export async function listenedTo({ store, now }: Ports, { app, campaignId }: Of) {
  const asked = of(known, store);
  const earlier = asked.get(campaignId);
  if (earlier && earlier.until > now()) return earlier.types;
  const types = store
    .webhooksFor(app, campaignId)
    .then((hooks) => new Set(hooks.flatMap((it) => it.types)));
  setNewest(asked, campaignId, { types, until: now() + KNOWN_MS }, MAX_KNOWN);
  try {
    return await types;
  } catch (error) {
    asked.delete(campaignId);
    throw error;
  }
}

/**
 * Tells how far a campaign is, now and then, if it has listeners. Called after each commit. A
 * campaign that is over within seconds tells nothing. Never rejects: what was committed is worth more.
 */
export async function tellProgress(ports: Ports, it: Of): Promise<void> {
  const { store, now } = ports;
  const due = of(progressDue, store);
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
