/** What became of one recipient. */

export type Outcome =
  | { kind: 'accepted' }
  /**
   * for good; `suspect` if a wrong environment or topic of ours has the same answer; `detail`: the
   * provider's own words
   */
  | { kind: 'rejected'; reason: string; detail?: string; suspect?: true }
  /** the device has no such app any more, since then (null: the provider does not say) */
  | { kind: 'unregistered'; reason: string; since: number | null }
  /**
   * 'service': the provider asks all of us to wait; 'device': about this one only. `afterMs`: how long
   * it asks for; `stalledMs`: how long to wait when it lets no push through at all.
   */
  | {
      kind: 'retry';
      reason: string;
      afterMs: number | null;
      scope: 'device' | 'service';
      stalledMs?: number;
    }
  /** sent, but no answer came */
  | { kind: 'unknown'; reason: string }
  /**
   * The message or our configuration may be at fault: one such answer proves nothing about the other
   * recipients. `proven`: no push could be sent at all, so it is about all of them.
   */
  | { kind: 'blocked'; reason: string; detail?: string; proven?: true };
