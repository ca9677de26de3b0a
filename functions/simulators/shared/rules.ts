/**
 * The checks and answers of a simulated provider, without HTTP/2: headers and body of a request come
 * in, an answer comes out. `apns/rules.ts` and `fcm/rules.ts` are the two sets of rules.
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
  /** the provider's reason for a refusal; null if the push is accepted */
  reason: string | null;
}

/** A refusal by the rules, or a valid push to this token. */
type Checked = { refusal: Answer } | { token: string; dryRun: boolean };

/** What a provider remembers about one connection. */
export interface Peer {
  /** bearer tokens and when each was first used */
  bearers: Map<string, number>;
  /** UID in the subject of its client certificate; null if it has none, or another authority's */
  uid: string | null;
}

export interface Rules {
  check(asked: Asked, peer: Peer): Checked;
  accept(asked: Asked, token: string): Answer;
  /** The answer for an app that was removed from the device. */
  unregistered(asked: Asked): Answer;
  badToken(asked: Asked): Answer;
  /** A refusal with a general reason: it may be about the token, the message or the credential. */
  general(asked: Asked): Answer;
  tooMany(asked: Asked, retryAfterSeconds: number): Answer;
  unavailable(asked: Asked, retryAfterSeconds: number): Answer;
  /** A refusal for any reason in the provider's table; throws if the reason is not in it. */
  refuse(asked: Asked, reason: string): Answer;
}

/** A new connection, with the UID of its client certificate. */
export const newPeer = (uid: string | null = null): Peer => ({ bearers: new Map(), uid });
