import { hashToken } from './tokens.ts';

const FIRST_SLOTS = 1 << 12;
/** The table grows above this share of used slots: beyond it a search takes too many steps. */
const FULL = 0.6;

/**
 * Counts occurrences of each token, in an open-addressing table of 64-bit hashes. A slot takes 12 bytes,
 * so a million tokens take about 25 MB; a Map with string keys takes ten times as much.
 */
export function tally() {
  let slots = FIRST_SLOTS;
  let high = new Uint32Array(slots);
  let low = new Uint32Array(slots);
  /** 0 if the slot is free */
  let counts = new Uint32Array(slots);
  let distinct = 0;
  const hashed = new Uint32Array(2);

  function slotOf(a: number, b: number): number {
    let slot = a & (slots - 1);
    while (counts[slot] !== 0 && (high[slot] !== a || low[slot] !== b))
      slot = (slot + 1) & (slots - 1);
    return slot;
  }

  function grow() {
    const old = { slots, high, low, counts };
    slots *= 2;
    high = new Uint32Array(slots);
    low = new Uint32Array(slots);
    counts = new Uint32Array(slots);
    for (let i = 0; i < old.slots; i++) {
      if (old.counts[i] === 0) continue;
      const slot = slotOf(old.high[i]!, old.low[i]!);
      high[slot] = old.high[i]!;
      low[slot] = old.low[i]!;
      counts[slot] = old.counts[i]!;
    }
  }

  return {
    /** Returns how often the token has been counted, this time included. */
    add(token: string): number {
      hashToken(token, hashed);
      const slot = slotOf(hashed[0]!, hashed[1]!);
      if (counts[slot] === 0) {
        high[slot] = hashed[0]!;
        low[slot] = hashed[1]!;
        counts[slot] = 1;
        if (++distinct > slots * FULL) grow();
        return 1;
      }
      counts[slot]!++;
      return counts[slot]!;
    },
    countOf(token: string): number {
      hashToken(token, hashed);
      return counts[slotOf(hashed[0]!, hashed[1]!)]!;
    },
    distinct: () => distinct,
    clear() {
      slots = FIRST_SLOTS;
      high = new Uint32Array(slots);
      low = new Uint32Array(slots);
      counts = new Uint32Array(slots);
      distinct = 0;
    },
  };
}
