/**
 * How many pushes a second a provider accepts, learnt from its refusals (429 and 503 for the service).
 *
 * There is no limit until refusals are frequent. Then everything waits as long as the provider asks, and
 * goes on a little below the rate that was accepted. From there the rate grows: slowly at first, and
 * faster the longer nothing is refused. So it decreases by a factor and its growth accelerates, as in
 * TCP CUBIC (RFC 9438). A window of pushes under way cannot do that: at a round trip of 1 ms a window of
 * ten is 10,000 pushes a second.
 */

import { createAnswerSlots, SLOT_MS } from './answer-slots.ts';

/** Accepted pushes for which the clock is read once. */
const COUNTED_TOGETHER = 16;
/** An overload is this share of refusals in the answers of the last half second. */
const MIN_SHARE = 0.05;
/** Above this share of refusals the provider accepts hardly anything, and everything waits. */
const HOLD_SHARE = 0.5;
/** Factor on the accepted rate, if it was measured for long enough to be trusted. */
const DECREASE = 0.88;
const TRUSTED_MS = 500;
/** Growth of the rate in a second, just after an overload. It doubles every two seconds, up to 1. */
const [GROWTH, DOUBLES_MS, MAX_GROWTH] = [0.01, 2_000, 1];
/** First growth while the rate is a guess, because hardly anything was sent before. */
const GUESS_GROWTH = 1;
const MIN_RATE = 10;
/** Above this rate there is no limit any more. */
const UNBOUNDED = 200_000;
/** Pushes of this many milliseconds may start together. */
const BURST_MS = 20;
/** Refusals this soon after a decrease belong to pushes that started before it. */
const SETTLE_MS = 300;
/** Shortest wait, also without a Retry-After. */
const MIN_HOLD_MS = 100;
/** With a longer Retry-After the chunk goes back to its queue instead. */
const MAX_HOLD_MS = 5_000;
/** The rate is forgotten after this time without a push. */
const FORGET_MS = 60_000;

export interface Throttle {
  /** whether the rate is limited now, or everything waits */
  readonly isBound: boolean;
  /** Milliseconds until a push may start; 0 if it may start now. */
  delay(): number;
  /** Counts a push that starts. */
  take(): void;
  accepted(): void;
  /**
   * Counts a push that was refused because of the service. Returns the milliseconds until it may be tried
   * again, or null if no push is accepted, or if the provider asks for a longer wait than fits here.
   */
  refused(afterMs: number | null): number | null;
}

/** `now`: milliseconds, monotonic. `onOverload` is called once for each overload. */
export function createThrottle(
  onOverload: () => void = () => {},
  now: () => number = () => performance.now(),
): Throttle {
  const slots = createAnswerSlots(now());
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
  /** at the last overload: pushes accepted before the measured span, and the length of that span */
  let measured = { before: 0, spanMs: SLOT_MS };

  function count(time: number) {
    slots.advance(time);
    if (uncounted === 0) return;
    slots.accept(uncounted);
    total += uncounted;
    uncounted = 0;
    acceptedAt = time;
  }

  function overload(time: number, share: number, waitMs: number) {
    measured = { before: total - slots.accepted(), spanMs: slots.spanMs(time) };
    overloadAt = time;
    onOverload();
    // if a known rate is a little too high it is corrected, and only the refused pushes wait
    if (rate !== Number.POSITIVE_INFINITY && share < HOLD_SHARE) decrease(time);
    else heldUntil = time + waitMs;
  }

  /** After a hold, when pushes that were under way have their answers. */
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
    slots.forgetRefused();
  }

  function fill(time: number) {
    if (time - usedAt > FORGET_MS) rate = Number.POSITIVE_INFINITY;
    const elapsed = time - filledAt;
    filledAt = time;
    usedAt = time;
    // a pause without pushes says nothing about the limit
    rate *= 1 + growthOf(time - overloadAt, isGuess) * (Math.min(elapsed, SLOT_MS) / 1000);
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
      // the clock costs more than all else in here, and matters only near a limit
      if (uncounted >= COUNTED_TOGETHER || isBound()) count(now());
    },

    refused(afterMs) {
      const time = now();
      count(time);
      slots.refuse();
      const waitMs = Math.max(MIN_HOLD_MS, afterMs ?? 0);
      // some were accepted since the second before the last overload
      const lively = slots.accepted() > 0 || acceptedAt > overloadAt - 1000;
      if (!lively || waitMs > MAX_HOLD_MS) return null;
      if (heldUntil > time) heldUntil = Math.max(heldUntil, overloadAt + waitMs);
      else {
        const share = slots.refusedShare();
        if (share >= MIN_SHARE && time - overloadAt > SETTLE_MS) overload(time, share, waitMs);
      }
      return waitMs;
    },
  };
}

/** Growth of the rate in a second, this many milliseconds after an overload. */
function growthOf(sinceMs: number, isGuess: boolean) {
  const doublings = Math.floor(sinceMs / DOUBLES_MS);
  const first = isGuess ? GUESS_GROWTH : GROWTH;
  return Math.min(MAX_GROWTH, first * 2 ** Math.min(doublings, 10));
}
