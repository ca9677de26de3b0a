/** Ticks: when the work that is done every minute was done last. */

export interface Ticks {
  /** One small write. The last one that is noted is kept, and no other. */
  noteTick(at: number): Promise<void>;
  /** Null: none was noted yet. */
  lastTick(): Promise<number | null>;
}
