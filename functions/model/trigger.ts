/** A trigger: how the inbound webhooks of an outside service become campaigns. */

/** How an inbound webhook proves its sender, with the secrets that verify it. */
export type Proof =
  /**
   * a shared token, kept as its SHA-256 (hex). `name`: a header, a field of the query, or a path in the
   * body
   */
  | { kind: 'token'; in: 'header' | 'query' | 'body'; name: string; hash: string }
  | { kind: 'github'; secret: string }
  | { kind: 'stripe' | 'standard'; secret: string; toleranceSeconds: number };

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A trigger as it is stored. */
export interface Trigger {
  name: string;
  app: string;
  proof: Proof;
  /** a template: the audience of a campaign, with `{{path|default}}` in its strings */
  audience: { [key: string]: Json };
  message: { [key: string]: Json };
  /** path of the id in the inbound JSON; null: the id that was signed with it, or a hash of the body */
  idPath: string | null;
  createdAt: number;
}

/** Inbound webhooks of a trigger. */
export interface PingCounts {
  /** whose proof was right */
  received: number;
  /** whose proof was wrong */
  forged: number;
}

/** An inbound webhook whose proof was right. */
export interface Ping {
  trigger: string;
  /** base64, so that its size is bounded whatever is in it */
  body: string;
  /** the id that was signed with it; null: there is none */
  id: string | null;
  at: number;
}

/** An inbound webhook of which no campaign could be made. */
export interface FailedPing extends Ping {
  /** key of this record */
  key: string;
  faults: { path: string; message: string }[];
}

/** Bytes of a body: in base64 it fits into a task. */
export const MAX_PING_BYTES = 64 * 1024;
