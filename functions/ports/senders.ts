/** Senders: a message and recipients in, outcomes out. */

import type { Fault } from '../lib/errors.ts';
import type { Message } from '../model/campaign.ts';
import type { Recipient } from '../model/chunk.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Environment, Platform } from '../model/platform.ts';
import type { Provider } from '../model/provider/registry.ts';

/** One message, the same for every recipient of a campaign. */
export interface Push {
  campaignId: string;
  message: Message;
  /** ms since the epoch: no use to a device after that */
  expiresAt: number;
  /**
   * Nobody gets it: the provider is asked what it would say, where it can be (FCM). 'accepted' means
   * that there is no objection.
   */
  dryRun: boolean;
  /** what the recipients' tokens are; the last two are FCM's alone */
  to: 'token' | 'topic' | 'condition';
}

/**
 * How many pushes of one message may be under way at one provider, in all batches of this process. It
 * is small until pushes are accepted: a fault of the message or of a key is known by then.
 */
export interface Ramp {
  /** Takes room for one push; false if there is none. */
  take(): boolean;
  /** Calls `resume` once, as soon as there may be room again. */
  wait(resume: () => void): void;
}

export interface Batch {
  push: Push;
  /** stable for a chunk: with the index it makes the push's id */
  seed: string;
  recipients: Recipient[];
  /** indices to send to */
  open: number[];
  /** no further push is started once it fires; those under way still get their outcome */
  signal: AbortSignal;
  /** no bound beyond the sender's own without it */
  ramp?: Ramp;
  /** called once for each recipient that was started; must not throw */
  settle(index: number, outcome: Outcome): void;
}

/** What a provider is sent for one recipient. */
export interface Rendered {
  headers: Record<string, string | number>;
  /** JSON */
  payload: string;
  /** as the provider counts them, and how many it takes */
  bytes: number;
  mostBytes: number;
}

export interface Sender {
  /**
   * What the provider would refuse about this message, in words for its author; [] if nothing. Paths
   * are within the message, '' is the whole of it.
   */
  check(push: Push): Fault[];
  /** What of the message this platform cannot be given by this provider. Nothing is refused for it. */
  lost(push: Push, platform: Platform): Fault[];
  /** `platform`: null where it is not known; FCM counts for each another way. */
  render(push: Push, recipient: Recipient, platform: Platform | null): Rendered;
  /** Resolves when every push that was started has its outcome; never rejects for a push's sake. */
  send(batch: Batch): Promise<void>;
}

export interface Senders {
  /** null: the app is unknown or has no credentials for this provider */
  get(app: string, provider: Provider, environment: Environment): Sender | null;
}
