/** Privacy: export and erasure of what is stored about a user, and how long it is kept. */

import type { Delivered, Failure, Recipient } from '../model/chunk.ts';
import type { Installation } from '../model/installation.ts';
import type { ReceiptKind } from '../model/receipt.ts';

/** A record about a user, as their export has it. */
export type UserRecord =
  | ({ kind: 'installation' } & Installation)
  | RecipientRecord
  | ({ kind: 'failure' } & Failure)
  | ReceiptRecord;

/** A recipient of a chunk. Once the chunk is done, the token and values are gone. */
export interface RecipientRecord extends Omit<Recipient, 'token'> {
  kind: 'recipient';
  campaignId: string;
  chunkId: string;
  app: string;
  token?: string;
  /** left out while it is not known */
  outcome?: Delivered;
}

/** What a device has told of a push. */
export interface ReceiptRecord {
  kind: 'receipt';
  campaignId: string;
  app: string;
  installationId: string;
  receipt: ReceiptKind;
  /** ms since the epoch, to the second */
  at: number;
}

export interface Erased {
  installations: number;
  /** erased from frozen chunks */
  recipients: number;
  failures: number;
  /** ids of the campaigns that closed by it; their events are in the outbox */
  closed: string[];
  /** where the next call goes on; null: all is erased */
  next: string | null;
}

export interface Users {
  /**
   * Gives every record about a user in all apps: installations, recipients in frozen chunks, failures, receipts. It
   * includes records of installations that were the user's earlier, while they are kept. It reads a lot
   * of the store, so it is for rare requests.
   */
  readUser(userId: string): AsyncIterable<UserRecord[]>;
  /**
   * Erases all of these records. Open recipients are skipped; those of a chunk that is being sent once
   * its lease ends. What was counted stays counted. In audiences the user's ids are replaced, never removed: without the condition an
   * audience would be wider. If it is interrupted, a second call does the rest. `now` is in ms.
   *
   * A call ends within some seconds. The first one removes installations, and what asks for the user by
   * name outside of campaigns. If the store has more campaigns than it can search, it says where to go on:
   * call again with that as `after`, until `next` is null.
   */
  eraseUser(userId: string, now: number, after?: string | null): Promise<Erased>;
  /**
   * Deletes a part of what has expired: recipients, failures and receipts of campaigns that closed before
   * `before` (ms), former users of installations, deliveries of webhooks, failed calls of inbound webhooks, marks
   * of imports. True if there may be more. A store that expires documents by itself deletes only what it
   * has to add up before.
   */
  expire(before: number, now: number): Promise<boolean>;
}
