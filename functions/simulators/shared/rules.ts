/**
 * What a simulated provider checks and answers, with no HTTP/2 in it: a request's headers and body
 * in, an answer out. `apns-rules.ts` and `fcm-rules.ts` are the two sets of rules.
 */

export interface Asked {
  /** names in lower case, pseudo-headers included */
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** the provider's word for a refusal; null: the push is accepted */
  reason: string | null;
}

/** A request is refused by the rules, or it is a valid push to this token. */
export type Checked = { refusal: Answer } | { token: string; dryRun: boolean };

/** What a provider remembers of one connection. */
export interface Peer {
  /** bearer tokens and when each was first used */
  bearers: Map<string, number>;
  /** the UID in the subject of its client certificate; null: it has none, or one we did not issue */
  uid: string | null;
}

export interface Rules {
  check(asked: Asked, peer: Peer): Checked;
  accept(asked: Asked, token: string): Answer;
  /** The app was removed from the device. */
  unregistered(asked: Asked): Answer;
  badToken(asked: Asked): Answer;
  /** A refusal in general words: it may be about the token, the message or the credential. */
  general(asked: Asked): Answer;
  tooMany(asked: Asked, retryAfterSeconds: number): Answer;
  unavailable(asked: Asked, retryAfterSeconds: number): Answer;
  /** Any reason of the provider's table; throws on one that is not in it. */
  refuse(asked: Asked, reason: string): Answer;
}

export const newPeer = (uid: string | null = null): Peer => ({ bearers: new Map(), uid });
