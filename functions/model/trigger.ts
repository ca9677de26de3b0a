/** A trigger: pings of an outside service, and the campaigns that are made of them. */

/** How a sender proves that it may ping. The secrets are what is needed to verify. */
export type Proof =
  /** Shared; its SHA-256, hex. `name` is of the header or the query's field, or a path in the body. */
  | { kind: 'token'; in: 'header' | 'query' | 'body'; name: string; hash: string }
  | { kind: 'github'; secret: string }
  | { kind: 'stripe' | 'standard'; secret: string; toleranceSeconds: number };

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** As it is stored. */
export interface Trigger {
  name: string;
  app: string;
  proof: Proof;
  /** of a campaign's, with `{{path|default}}` in its strings */
  audience: { [key: string]: Json };
  message: { [key: string]: Json };
  /** where in a ping its id is; null: it is what was signed with it, or a hash of all of it */
  idPath: string | null;
  createdAt: number;
}

export interface PingCounts {
  /** that proved themselves */
  received: number;
  forged: number;
}

/** One that has proved itself. */
export interface Ping {
  trigger: string;
  /** base64, so that its size is bounded whatever is in it */
  body: string;
  /** what was signed with it to tell it from others */
  id: string | null;
  at: number;
}

/** One of which no campaign could be made. */
export interface FailedPing extends Ping {
  /** of this record */
  key: string;
  faults: { path: string; message: string }[];
}

/** In base64 it fits into a task. */
export const MAX_PING_BYTES = 64 * 1024;
