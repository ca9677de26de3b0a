/** Accepted and refused pushes of the last second, counted in slots of 100 ms. */

export const SLOT_MS = 100;
const SLOTS = 10;
/** Refusals are frequent only if there are this many of them in the last half second. */
const [MIN_REFUSED, RECENT_SLOTS] = [10, 5];

interface AnswerSlots {
  /** Empties the slots that have passed. What is counted next belongs to the slot of `time`. */
  advance(time: number): void;
  accept(count: number): void;
  refuse(): void;
  /** pushes accepted in the last second */
  accepted(): number;
  /** Refusals as a share of the answers of the last half second; 0 if they are few. */
  refusedShare(): number;
  /** Milliseconds until `time` since the first of the accepted pushes that are still counted. */
  spanMs(time: number): number;
  forgetRefused(): void;
}

export function createAnswerSlots(start: number): AnswerSlots {
  const accepted = new Uint32Array(SLOTS);
  const refused = new Uint32Array(SLOTS);
  let slot = Math.floor(start / SLOT_MS);

  function sum(counts: Uint32Array, slots: number) {
    let count = 0;
    for (let it = slot - slots + 1; it <= slot; it++) count += counts[(it + SLOTS) % SLOTS]!;
    return count;
  }

  return {
    advance(time) {
      const current = Math.floor(time / SLOT_MS);
      for (let it = Math.max(slot + 1, current - SLOTS + 1); it <= current; it++) {
        accepted[it % SLOTS] = 0;
        refused[it % SLOTS] = 0;
      }
      slot = Math.max(slot, current);
    },

    accept(count) {
      accepted[slot % SLOTS]! += count;
    },

    refuse() {
      refused[slot % SLOTS]! += 1;
    },

    accepted: () => sum(accepted, SLOTS),

    refusedShare() {
      const all = sum(refused, RECENT_SLOTS);
      return all < MIN_REFUSED ? 0 : all / (all + sum(accepted, RECENT_SLOTS));
    },

    spanMs(time) {
      let oldest = slot - SLOTS + 1;
      while (oldest < slot && accepted[(oldest + SLOTS) % SLOTS] === 0) oldest += 1;
      return Math.min(SLOTS * SLOT_MS, Math.max(SLOT_MS, time - oldest * SLOT_MS));
    },

    forgetRefused: () => void refused.fill(0),
  };
}
