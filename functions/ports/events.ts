/** Events, from the write that stores them to whoever listens. */

import type { CampaignEvent } from '../model/event.ts';

/** Published at least once, delivered at least once to every subscriber. */
export interface Events {
  publish(event: CampaignEvent): Promise<void>;
}

/**
 * Whatever accepts, starts, pauses or closes a campaign stores the event that tells of it in the same
 * write. It is overdue a minute later, unless it was published.
 */
export interface Outbox {
  /** Not published yet, of this campaign or webhook; a campaign's timeline in its order. */
  unpublished(subject: string): Promise<CampaignEvent[]>;
  /** They are out. The sweep lets them be; a campaign's timeline can be read on. */
  published(events: CampaignEvent[]): Promise<void>;
  /** What became of a campaign after that, in order: accepted, started, paused, closed. */
  timeline(campaignId: string, after: number): Promise<{ seq: number; event: CampaignEvent }[]>;
  /**
   * Stores the event of a running campaign's progress, with its counts. Null when it does not run, or
   * the last one is younger than `everyMs`: of many at once, one stores it.
   */
  noteProgress(campaignId: string, now: number, everyMs: number): Promise<CampaignEvent | null>;
}

/** Of one call. */
export const MAX_DEAD_LETTERS = 100;

/** An event that was offered to its receiver as often as its subscription says, and refused. */
export interface DeadLetter {
  /** of the message, not of the event */
  id: string;
  /** when it was given up, in ms */
  deadAt: number;
  /** deliveries that were tried; null where it is not known */
  attempts: number | null;
  /** those it was published with */
  attributes: Record<string, string>;
  data: string;
}

/** Both calls take up to `MAX_DEAD_LETTERS` that can be had now, oldest first. */
export interface DeadLetters {
  /** What waits, and goes on waiting. Letters that another call has in hand are not in it. */
  list(): Promise<DeadLetter[]>;
  /** Publishes each again, then forgets it; how many. One may be published twice, none is lost. */
  redrive(): Promise<number>;
}
