/**
 * Messages: campaigns to a few named recipients, which the process that accepts them sends itself. One
 * whose recipients all have an outcome after that is stored in one write, and is closed. Any other goes
 * on as a campaign like all others (`startCampaign`, `freezePage`).
 */

import type { Campaign, Counts } from '../model/campaign.ts';
import type { ChunkCommit, Failure, NewChunk } from '../model/chunk.ts';
import type { EventType } from '../model/event.ts';
import type { Carried, Reached } from '../model/installation.ts';
import type { Provider } from '../model/provider/registry.ts';
import type { Audience } from '../model/schemas/audience.ts';
import type { Created, Idempotency } from './campaigns.ts';

/** What has to be known of an app before a message is sent to it. */
export interface AppStanding {
  paused: boolean;
  /** the types of events that a webhook of the app, or of all apps, subscribes to */
  wanted: ReadonlySet<EventType>;
}

/** What is read of an audience that names its recipients. */
export interface NamedRead {
  app: string;
  audience: Audience;
  /** installations, at most */
  most: number;
  /** further fields to read */
  carried?: readonly Carried[] | undefined;
}

/** A message all of whose recipients have an outcome. */
export interface SentMessage {
  /** as `createMessage` gave it */
  campaign: Campaign;
  chunks: NewChunk[];
  /** one for each chunk; nothing is open in it */
  commits: ChunkCommit[];
  /** by the name of a variable: recipients that have neither a value nor a default for it */
  missing?: Record<string, number> | undefined;
  /** recipients whose devices let the app show nothing */
  denied?: number | undefined;
  firstPushAt: number | null;
  /** the providers that accepted a push */
  acceptedBy: Provider[];
  /** whether a webhook wants any of the message's events; else none is to be published */
  isTold: boolean;
  now: number;
}

/** A closed message. */
export interface ClosedMessage {
  campaign: Campaign;
  counts: Counts;
  failures: Failure[];
}

export interface Messages {
  /**
   * Creates a campaign that has `sending`, once per idempotency key, as `createCampaign` does. The sweep
   * looks after it when `sending` is over. The store may give it another id than it came with: use the
   * campaign in the answer.
   */
  createMessage(campaign: Campaign, idempotency: Idempotency | null, by?: string): Promise<Created>;
  /** Reads what has to be known of an app before a message is sent to it. */
  appStanding(app: string): Promise<AppStanding>;
  /**
   * Reads the installations of an audience that names users, installations or tokens, in the order of
   * (bucket, id), null if they may be more than `most`.
   */
  readNamed(read: NamedRead): Promise<Reached[] | null>;
  /**
   * Stores the outcome of a message and closes it, in one write, whatever its state became meanwhile.
   * Recipients that were erased meanwhile are left out of what is stored. Null, and nothing is
   * stored, if another process has begun it, or it was closed before.
   */
  closeMessage(sent: SentMessage): Promise<ClosedMessage | null>;
}
