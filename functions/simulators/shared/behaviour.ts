/**
 * Decides what a simulated provider does with a request: by its rules, and by the faults in its
 * settings. It also counts accepted pushes. `server.ts` carries the decisions out over HTTP/2.
 *
 * There is no randomness. The token's hash decides whether it belongs to a share of tokens, so the same
 * token always gets the same answer. A share of requests is spread evenly over all requests.
 */

import { createTokenBucket, type Rate, type TokenBucket } from '../../lib/token-bucket.ts';
import type { Answer, Asked, Peer, Rules } from './rules.ts';
import { tally } from './tally.ts';
import { hashToken } from './tokens.ts';

/** Either every n-th request, or a share of the requests in [0, 1]. */
type Often = { every: number } | { share: number };

export interface SimulatorSettings {
  /** ms between the last byte of a request and its answer */
  latencyMs: number;
  /** share of tokens whose app was removed: Unregistered, UNREGISTERED */
  deadShare: number;
  /** share of tokens that are invalid: BadDeviceToken, INVALID_ARGUMENT */
  badShare: number;
  /** share of tokens that are refused with a general reason: Forbidden, INVALID_ARGUMENT */
  generalShare: number;
  /** concurrent streams of a connection, in SETTINGS */
  maxStreams: number;
  /** 429 with Retry-After: for APNs about the device, for FCM about the project's quota */
  tooMany: (Often & { retryAfterSeconds: number }) | null;
  /** 503 with Retry-After: for a share of the requests, or the next few */
  unavailable: ((Often | { next: number }) & { retryAfterSeconds: number }) | null;
  /** a rate limit by a token bucket; refusals come with or without Retry-After */
  limit: {
    perSecond: number;
    burst: number;
    status: 429 | 503;
    retryAfterSeconds: number | null;
  } | null;
  /** refuses every request for this reason, such as InvalidProviderToken or SENDER_ID_MISMATCH */
  blocked: string | null;
  /** a graceful GOAWAY after this many streams of a connection; 0 means never, here and below */
  goawayEvery: number;
  /** how many streams more or less, at most, it takes on a single connection */
  goawaySpread?: number;
  /** RST_STREAM with REFUSED_STREAM: the request was not processed and may be sent again */
  refuseEvery: number;
  /** RST_STREAM with INTERNAL_ERROR, after the push was accepted */
  resetEvery: number;
  /** the socket is destroyed, with accepted pushes that were not answered */
  cutEvery: number;
  /** requests are read and accepted, but never answered */
  silent: boolean;
  /** answers after those to this many requests are held back until this changes; null: none */
  holdAfter: number | null;
}

export interface SimulatorStats {
  requests: number;
  /** counted when a push is accepted, even if the answer is lost */
  accepted: number;
  /** tokens with at least one accepted push */
  distinct: number;
  /** accepted pushes beyond the first for each token */
  duplicates: number;
  /** refusals by the provider's reason */
  rejected: Record<string, number>;
  /** refusals of pushes that broke a rule; refusals by a simulated fault do not count */
  invalid: number;
  connections: number;
  /** ms since the epoch */
  firstAcceptedAt: number | null;
  lastAcceptedAt: number | null;
}

export interface AcceptedPush {
  token: string;
  headers: Record<string, string | undefined>;
  payload: string;
  /** the body of the answer */
  answer: string;
}

/** An accepted push and its time. */
export interface Arrival {
  token: string;
  at: number;
}

/** Limits the kept arrivals, the first since the start or a reset. Benchmarks read them. */
const MAX_ARRIVALS = 20_000;

type Decision = 'answer' | 'hold' | 'silence' | 'refuse' | 'reset' | 'cut';

export const defaultSettings: SimulatorSettings = {
  latencyMs: 0,
  deadShare: 0,
  badShare: 0,
  generalShare: 0,
  maxStreams: 1000,
  tooMany: null,
  unavailable: null,
  limit: null,
  blocked: null,
  goawayEvery: 0,
  refuseEvery: 0,
  resetEvery: 0,
  cutEvery: 0,
  silent: false,
  holdAfter: null,
};

const HASHES = 2 ** 32;

export function behaviour(rules: Rules, settings: SimulatorSettings, now: () => number) {
  const counted = tally();
  const hashed = new Uint32Array(2);
  let stats = noStats();
  let arrivals: Arrival[] = [];
  let last: { token: string; asked: Asked; answer: string } | null = null;
  const limiter = createLimiter();

  function reject(answer: Answer, isInvalid = false): Answer {
    const reason = answer.reason!;
    stats.rejected[reason] = (stats.rejected[reason] ?? 0) + 1;
    if (isInvalid) stats.invalid++;
    return answer;
  }

  function isUnavailable(): boolean {
    const { unavailable } = settings;
    if (!unavailable) return false;
    if (!('next' in unavailable)) return falls(unavailable, stats.requests);
    return unavailable.next > 0 && unavailable.next-- > 0;
  }

  /** Returns null if the request is within the limit. */
  function beyondLimit(asked: Asked): Answer | null {
    const { limit } = settings;
    if (!limit || limiter.take(limit, now())) return null;
    const { status, retryAfterSeconds } = limit;
    const refuse = status === 503 ? rules.unavailable : rules.tooMany;
    const { headers, ...answer } = refuse(asked, retryAfterSeconds ?? 0);
    const { 'retry-after': _, ...without } = headers;
    return { ...answer, headers: retryAfterSeconds === null ? without : headers };
  }

  /** In the order in which a provider would check: the service, the rules, the device. */
  function decideAnswer(asked: Asked, peer: Peer): Answer {
    if (isUnavailable())
      return reject(rules.unavailable(asked, settings.unavailable!.retryAfterSeconds));
    const limited = beyondLimit(asked);
    if (limited) return reject(limited);
    const checked = rules.check(asked, peer);
    if ('refusal' in checked) return reject(checked.refusal, true);
    if (settings.blocked !== null) return reject(rules.refuse(asked, settings.blocked));
    const { tooMany, deadShare, badShare, generalShare } = settings;
    if (tooMany && falls(tooMany, stats.requests))
      return reject(rules.tooMany(asked, tooMany.retryAfterSeconds));
    if (deadShare + badShare + generalShare > 0) {
      hashToken(checked.token, hashed);
      const place = hashed[0]! / HASHES;
      if (place < deadShare) return reject(rules.unregistered(asked));
      if (place < deadShare + badShare) return reject(rules.badToken(asked));
      if (place < deadShare + badShare + generalShare) return reject(rules.general(asked));
    }
    const answer = rules.accept(asked, checked.token);
    if (!checked.dryRun) count(checked.token, asked, answer);
    return answer;
  }

  function count(token: string, asked: Asked, answer: Answer) {
    stats.accepted++;
    if (counted.add(token) > 1) stats.duplicates++;
    stats.lastAcceptedAt = now();
    stats.firstAcceptedAt ??= stats.lastAcceptedAt;
    if (arrivals.length < MAX_ARRIVALS) arrivals.push({ token, at: stats.lastAcceptedAt });
    last = { token, asked, answer: answer.body };
  }

  return {
    connected() {
      stats.connections++;
    },
    /** `answer` is null unless the decision is 'answer' or 'hold'. */
    decide(asked: Asked, peer: Peer): { decision: Decision; answer: Answer | null } {
      stats.requests++;
      if (isNth(settings.refuseEvery, stats.requests)) return { decision: 'refuse', answer: null };
      const answer = decideAnswer(asked, peer);
      if (settings.silent) return { decision: 'silence', answer: null };
      if (isNth(settings.cutEvery, stats.requests)) return { decision: 'cut', answer: null };
      if (isNth(settings.resetEvery, stats.requests)) return { decision: 'reset', answer: null };
      const { holdAfter } = settings;
      const isHeld = holdAfter !== null && stats.requests > holdAfter;
      return { decision: isHeld ? 'hold' : 'answer', answer };
    },
    stats: (): SimulatorStats => ({
      ...stats,
      distinct: counted.distinct(),
      rejected: { ...stats.rejected },
    }),
    countOf: counted.countOf,
    arrivals: () => [...arrivals],
    lastAccepted: (): AcceptedPush | null =>
      last && {
        token: last.token,
        headers: { ...last.asked.headers },
        payload: last.asked.body.toString(),
        answer: last.answer,
      },
    reset() {
      counted.clear();
      stats = noStats();
      arrivals = [];
      last = null;
    },
  };
}

export type Behaviour = ReturnType<typeof behaviour>;

/** The bucket is full at first, and again at each new limit. */
function createLimiter() {
  let limited: Rate | null = null;
  let bucket: TokenBucket;
  return {
    take(limit: Rate, now: number): boolean {
      if (limit !== limited) bucket = createTokenBucket(limit);
      limited = limit;
      if (bucket.available(now) < 1) return false;
      bucket.take(1);
      return true;
    },
  };
}

const isNth = (every: number, n: number) => every > 0 && n % every === 0;

/** True if the n-th item belongs to a share that is spread evenly over all items. */
function falls(often: Often, n: number): boolean {
  if ('every' in often) return isNth(often.every, n);
  return Math.floor(n * often.share) > Math.floor((n - 1) * often.share);
}

const noStats = (): SimulatorStats => ({
  requests: 0,
  accepted: 0,
  distinct: 0,
  duplicates: 0,
  rejected: {},
  invalid: 0,
  connections: 0,
  firstAcceptedAt: null,
  lastAcceptedAt: null,
});
