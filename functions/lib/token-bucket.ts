/**
 * A token bucket: at most `burst` events together, `perSecond` in the long run. Pure arithmetic on
 * times that the caller gives, in milliseconds; they may go back.
 */

/** How fast, and how many at the same time after a rest. */
export interface Rate {
  perSecond: number;
  burst: number;
}

export interface TokenBucket {
  /** whole tokens there are at this time */
  available(now: number): number;
  take(count: number): void;
  /** when the next whole token is there; `now` if one is */
  readyAt(now: number): number;
  /** empties it, and lets nothing in before `until`; a clock that is set back before `now` ends that */
  hold(until: number, now: number): void;
}

/** A rounding error must not cost a turn: `readyAt` has promised this token. */
const ROUNDING = 1e-9;

/** Full at first. In any span of t seconds at most `burst + perSecond * t` tokens are given out. */
export function createTokenBucket({ perSecond, burst }: Rate): TokenBucket {
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;
  let held = Number.NEGATIVE_INFINITY;
  let heldAt = Number.NEGATIVE_INFINITY;

  const fill = (now: number) => {
    if (now < heldAt) held = Number.NEGATIVE_INFINITY;
    const time = Math.max(now, held);
    if (time > filledAt) tokens = Math.min(burst, tokens + ((time - filledAt) * perSecond) / 1000);
    // also when the clock was set back: nothing waits for the old time to return
    filledAt = time;
  };

  return {
    available(now) {
      fill(now);
      return Math.floor(tokens + ROUNDING);
    },
    take(count) {
      tokens -= count;
    },
    readyAt(now) {
      fill(now);
      const missing = Math.max(0, 1 - ROUNDING - tokens);
      return Math.max(now, held) + Math.ceil((missing * 1000) / perSecond);
    },
    hold(until, now) {
      held = Math.max(held, until);
      heldAt = now;
      tokens = 0;
      filledAt = held;
    },
  };
}
