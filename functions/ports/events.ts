/** Events, from the write that stores them to their subscribers. */

import type { CampaignEvent } from '../model/event.ts';

/** An event is published at least once, and delivered at least once to every subscriber. */
export interface Events {
  /** Rejects if the event may not have been published; it stays in the outbox then. */
  publish(event: CampaignEvent): Promise<void>;
  /** Events go to a topic, which others than Volley may subscribe to. */
  isTopic?: true;
}

/**
 * Each write that accepts, starts, pauses or closes a campaign also stores the event about it. The event
 * is overdue a minute later, unless it was published.
 */
export interface Outbox {
  /**
   * The unpublished events of a campaign or webhook; those of a campaign's timeline come in its
   * order.
   */
  unpublished(subject: string): Promise<CampaignEvent[]>;
  /** Marks events as published, so that the sweep skips them. Those of a timeline are kept. */
  published(events: CampaignEvent[]): Promise<void>;
  /**
   * The timeline of a campaign after the event with the number `after` (0: from its beginning), in order:
   * accepted, started, paused, closed.
   */
  timeline(campaignId: string, after: number): Promise<{ seq: number; event: CampaignEvent }[]>;
  /**
   * Stores an event of a running campaign's progress, with its counts. Null if the campaign is not
   * running, or if its last progress event is younger than `everyMs`: of several callers one stores it.
   */
  noteProgress(campaignId: string, now: number, everyMs: number): Promise<CampaignEvent | null>;
}

/** Most dead letters that one call lists or redrives. */
export const MAX_DEAD_LETTERS = 100;

/** An event that its receiver refused as often as its subscription allows. */
export interface DeadLetter {
  /** the message's id, not the event's */
  id: string;
  /** when it was given up, in ms */
  deadAt: number;
  /** deliveries that were tried; null where it is not known */
  attempts: number | null;
  /** the attributes that it was published with */
  attributes: Record<string, string>;
  data: string;
}

/** Both calls take up to `MAX_DEAD_LETTERS` letters that are available now, oldest first. */
export interface DeadLetters {
  /** Lists letters and leaves them where they are. Leaves out those that another call holds now. */
  list(): Promise<DeadLetter[]>;
  /** Publishes each letter again, then deletes it. One may be published twice, none is lost. */
  redrive(): Promise<Redriven>;
}

export interface Redriven {
  /** letters that were published again */
  redriven: number;
  /** letters that the topic does not take, such as one without data and attributes; they go on waiting */
  refused: { id: string; reason: string }[];
}
