/**
 * How many pushes a second a provider takes, learnt from its refusals (429 and 503 about the service).
 *
 * Nothing is bounded until refusals are more than a sprinkle. Then everything waits as long as the
 * provider asks, and goes on a little below the rate that was accepted. From there the rate grows,
 * slowly at first, faster the longer nothing is refused: multiplicative decrease and a growth that
 * accelerates, as in TCP CUBIC (RFC 9438). A window of pushes under way cannot do that: at a round trip
 * of 1 ms ten of them are 10,000 a second.
 */

/** Answers are counted in slots of 100 ms, and a second of them is kept. */
const SLOT_MS = 100;
const SLOTS = 10;
/** Accepted pushes that are counted by one look at the clock. */
const COUNTED_TOGETHER = 16;
/** Refusals in the last half second that make an overload: this many, and this share of all answers. */
const [MIN_REFUSED, MIN_SHARE, JUDGED_SLOTS] = [10, 0.05, 5];
/** Above this share the provider lets hardly anything through, and everything waits. */
const HOLD_SHARE = 0.5;
/** Of the rate that was accepted, where it was measured for long enough to be trusted. */
const DECREASE = 0.88;
const TRUSTED_MS = 500;
/** Growth a second just after an overload; it doubles every two seconds, up to twice as many a second. */
const [GROWTH, DOUBLES_MS, MAX_GROWTH] = [0.01, 2_000, 1];
/** The same while the rate is a guess, made when hardly anything was sent. */
const GUESS_GROWTH = 1;
const MIN_RATE = 10;
/** Above it the rate is no bound any more. */
const UNBOUNDED = 200_000;
/** Pushes that may start together. */
const BURST_MS = 20;
/** What is refused so soon after a decrease was under way before it. */
const SETTLE_MS = 300;
/** Without a Retry-After. */
const MIN_HOLD_MS = 100;
/** A longer Retry-After is not waited for here: the chunk goes back to its queue. */
const MAX_HOLD_MS = 5_000;
/** What was learnt is forgotten after so long without a push. */
const FORGET_MS = 60_000;

export interface Throttle {
  /** a rate is to be kept, or everything waits */
  readonly isBound: boolean;
  /** Milliseconds until a push may start; 0: now. */
  delay(): number;
  /** A push starts. */
  take(): void;
  accepted(): void;
  /**
   * A push was refused for the service's sake. Milliseconds after which it may be tried again; null if
   * no push gets through, or it asks for longer than may be waited here.
   */
  refused(afterMs: number | null): number | null;
}

/** `now`: milliseconds, monotonic. `onOverload` is called once for each overload. */
export function createThrottle(
  onOverload: () => void = () => {},
  now: () => number = () => performance.now(),
): Throttle {
  const accepted = new Uint32Array(SLOTS);
  const refused = new Uint32Array(SLOTS);
  let slot = Math.floor(now() / SLOT_MS);
  /** accepted since the slots were brought up to date */
  let uncounted = 0;
  let total = 0;
  let acceptedAt = Number.NEGATIVE_INFINITY;
  let rate = Number.POSITIVE_INFINITY;
  let tokens = 0;
  let filledAt = 0;
  let usedAt = 0;
  let overloadAt = Number.NEGATIVE_INFINITY;
  let heldUntil = 0;
  let isGuess = false;
  /** of the overload whose end is awaited: what was accepted before its second, and how long that is */
  let measured = { before: 0, spanMs: SLOT_MS };

  /** Empties the slots that have passed. */
  function advance(time: number) {
    const current = Math.floor(time / SLOT_MS);
    for (let it = Math.max(slot + 1, current - SLOTS + 1); it <= current; it++) {
      accepted[it % SLOTS] = 0;
      refused[it % SLOTS] = 0;
    }
    slot = Math.max(slot, current);
  }

  function count(time: number) {
    advance(time);
    if (uncounted === 0) return;
    accepted[slot % SLOTS]! += uncounted;
    total += uncounted;
    uncounted = 0;
    acceptedAt = time;
  }

  function sum(counts: Uint32Array, slots: number) {
    let count = 0;
    for (let it = slot - slots + 1; it <= slot; it++) count += counts[(it + SLOTS) % SLOTS]!;
    return count;
  }

  /** Of the answers of the last half second; 0 if they are few. */
  function refusedShare() {
    const all = sum(refused, JUDGED_SLOTS);
    return all < MIN_REFUSED ? 0 : all / (all + sum(accepted, JUDGED_SLOTS));
  }

  function overload(time: number, share: number, waitMs: number) {
    let oldest = slot - SLOTS + 1;
    while (oldest < slot && accepted[(oldest + SLOTS) % SLOTS] === 0) oldest += 1;
    const spanMs = Math.min(SLOTS * SLOT_MS, Math.max(SLOT_MS, time - oldest * SLOT_MS));
    measured = { before: total - sum(accepted, SLOTS), spanMs };
    overloadAt = time;
    onOverload();
    // a rate that is known and a little too high is corrected; only the refused ones wait
    if (rate !== Number.POSITIVE_INFINITY && share < HOLD_SHARE) decrease(time);
    else heldUntil = time + waitMs;
  }

  /** After a hold: what was under way then has its answer by now. */
  function decrease(time: number) {
    count(time);
    const { before, spanMs } = measured;
    isGuess = spanMs < TRUSTED_MS;
    const perSecond = Math.min(rate, ((total - before) * 1000) / spanMs);
    rate = Math.max(MIN_RATE, isGuess ? perSecond : DECREASE * perSecond);
    heldUntil = 0;
    tokens = 1;
    filledAt = time;
    usedAt = time;
    overloadAt = time;
    refused.fill(0);
  }

  function fill(time: number) {
    if (time - usedAt > FORGET_MS) rate = Number.POSITIVE_INFINITY;
    const elapsed = time - filledAt;
    filledAt = time;
    usedAt = time;
    const doublings = Math.floor((time - overloadAt) / DOUBLES_MS);
    const first = isGuess ? GUESS_GROWTH : GROWTH;
    const growth = Math.min(MAX_GROWTH, first * 2 ** Math.min(doublings, 10));
    // a pause in which nothing was to be sent says nothing about the limit
    rate *= 1 + growth * (Math.min(elapsed, SLOT_MS) / 1000);
    if (rate > UNBOUNDED) rate = Number.POSITIVE_INFINITY;
    else tokens = Math.min(Math.max(1, (rate * BURST_MS) / 1000), tokens + (elapsed * rate) / 1000);
  }

  const isBound = () => rate !== Number.POSITIVE_INFINITY || heldUntil > 0;

  return {
    get isBound() {
      return isBound();
    },
    delay() {
      if (!isBound()) return 0;
      const time = now();
      if (time < heldUntil) return heldUntil - time;
      if (heldUntil > 0) decrease(time);
      fill(time);
      if (rate === Number.POSITIVE_INFINITY || tokens >= 1) return 0;
      return ((1 - tokens) * 1000) / rate;
    },

    take() {
      if (rate !== Number.POSITIVE_INFINITY) tokens -= 1;
    },

    accepted() {
      uncounted += 1;
      // the clock costs more than the rest of a push's way through here, and matters only near a limit
      if (uncounted >= COUNTED_TOGETHER || isBound()) count(now());
    },

    refused(afterMs) {
      const time = now();
      count(time);
      refused[slot % SLOTS]! += 1;
      const waitMs = Math.max(MIN_HOLD_MS, afterMs ?? 0);
      // some were accepted since the second before the last overload
      const lively = sum(accepted, SLOTS) > 0 || acceptedAt > overloadAt - 1000;
      if (!lively || waitMs > MAX_HOLD_MS) return null;
      if (heldUntil > time) heldUntil = Math.max(heldUntil, overloadAt + waitMs);
      else {
        const share = refusedShare();
        if (share >= MIN_SHARE && time - overloadAt > SETTLE_MS) overload(time, share, waitMs);
      }
      return waitMs;
    },
  };
}
