/** Ticks: when the periodic work was last done. */

export interface Ticks {
  /** Stores the time of a tick, in ms, in one small write. Only the last one is kept. */
  noteTick(at: number): Promise<void>;
  /** The time of the last tick, in ms; null before the first one. */
  lastTick(): Promise<number | null>;
}
