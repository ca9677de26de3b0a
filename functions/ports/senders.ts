/** Senders: a message and recipients in, outcomes out. */

import type { Fault } from '../lib/errors.ts';
import type { ReceiptPolicy } from '../model/app-policy.ts';
import type { Message } from '../model/campaign.ts';
import type { Recipient } from '../model/chunk.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Environment, Platform } from '../model/platform.ts';
import type { Provider } from '../model/provider/registry.ts';

/** One message, the same for every recipient of a campaign. */
export interface Push {
  campaignId: string;
  message: Message;
  /** ms since the epoch; the push is of no use to a device after that */
  expiresAt: number;
  /**
   * ms since the epoch: no device may get the push later, whatever the message says, since its quiet hours
   * begin. Left out: it may be delivered until it expires.
   */
  deliverBy?: number;
  /**
   * True if no device gets it: the provider only validates it, where it can (FCM). 'accepted' means that
   * it has no objection.
   */
  dryRun: boolean;
  /** the policy of the campaign's receipts; left out: the push has no receipt key */
  receipts?: ReceiptPolicy;
  /** the analytics label of FCM where its author gave none; left out: it has none */
  label?: string;
  /** what the recipients' tokens stand for; only FCM knows topics and conditions */
  to: 'token' | 'topic' | 'condition';
}

/**
 * Limits how many pushes of one message are under way at one provider, over all batches of this process.
 * The limit is small until pushes are accepted, so that a fault of the message or of a key costs few.
 */
export interface Ramp {
  /** Takes room for one push; false if there is none. */
  take(): boolean;
  /** Calls `resume` once, as soon as there may be room again. */
  wait(resume: () => void): void;
}

/** Recipients of one message, and how the sender reports what happened to each. */
export interface Batch {
  push: Push;
  /** stable for a chunk; the seed and the index make the push's id */
  seed: string;
  recipients: Recipient[];
  /** indices of the recipients to send to */
  open: number[];
  /** once it fires, no further push starts; those under way still get their outcome */
  signal: AbortSignal;
  /**
   * An accepted push is told with the provider's name for it. Campaigns leave it out: answers that accept a
   * push are not read then.
   */
  keepsNames?: boolean;
  /** without it only the sender's own limits hold */
  ramp?: Ramp;
  /** called once for each recipient whose push was started; must not throw */
  settle(index: number, outcome: Outcome): void;
}

/** What a sender sends to the provider for one recipient. */
export interface Rendered {
  headers: Record<string, string | number>;
  /** JSON */
  payload: string;
  /** the size as the provider counts it, and the most it takes */
  bytes: number;
  mostBytes: number;
}

export interface Sender {
  /**
   * The faults for which the provider would refuse this message, in words for its author; [] if none.
   * Paths are within the message; '' is the whole of it.
   */
  check(push: Push): Fault[];
  /**
   * The parts of the message that do not reach this platform through this provider. They are no
   * faults.
   */
  lost(push: Push, platform: Platform): Fault[];
  /** Renders one push. `platform` is null if unknown; FCM counts bytes differently for each. */
  render(push: Push, recipient: Recipient, platform: Platform | null): Rendered;
  /**
   * Resolves when every push that was started has its outcome. A push that fails is an outcome, not
   * a rejection.
   */
  send(batch: Batch): Promise<void>;
  /**
   * Gets ready for pushes that come soon: a provider token, a connection. Resolves when that is done or has
   * failed; a failure shows again when a push is sent. Never rejects.
   */
  warm(): Promise<void>;
}

/** An app, and the providers for which it has credentials. */
export interface SendingApp {
  name: string;
  providers: Provider[];
}

export interface Senders {
  /** All apps of the deployment, in the order of their names. */
  apps(): SendingApp[];
  /** Null if the app is unknown or has no credentials for this provider. */
  get(app: string, provider: Provider, environment: Environment): Sender | null;
}
