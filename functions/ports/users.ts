/** What is known of a user, and how long it is kept. */

import type { Failure, Recipient } from '../model/chunk.ts';
import type { Installation } from '../model/installation.ts';

/** What is known of a user, for himself. */
export type UserRecord =
  | ({ kind: 'installation' } & Installation)
  | ({ kind: 'recipient'; campaignId: string; chunkId: string; app: string } & Recipient)
  | ({ kind: 'failure' } & Failure);

export interface Erased {
  installations: number;
  /** in frozen chunks */
  recipients: number;
  failures: number;
  /** campaigns that ended by it: they are to be announced */
  closed: string[];
}

export interface Users {
  /**
   * All there is of a user in every app, failures and frozen chunks included, for installations that
   * were his within the time these are kept as well. Reads much: it is asked for seldom.
   */
  readUser(userId: string): AsyncIterable<UserRecord[]>;
  /**
   * Removes all of that. Recipients of chunks that are not done are skipped, those that are being sent
   * to once the lease ends; what audiences ask for by the names of the user asks for nobody. To do it
   * again after it was interrupted does the rest.
   */
  eraseUser(userId: string, now: number): Promise<Erased>;
  /**
   * Removes some of what was kept long enough: recipients and failures of campaigns that closed before
   * then, whose an installation was, what webhooks were told, pings that failed, marks of imports. True: there may be more. A store that does so
   * by itself says false.
   */
  expire(before: number, now: number): Promise<boolean>;
}
