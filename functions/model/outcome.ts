/** The outcome of a push to one recipient. */

export type Outcome =
  /** `name`: what the provider names the push, where a batch keeps names */
  | { kind: 'accepted'; name?: string }
  /**
   * Failed for good. `suspect`: a wrong environment or topic of ours has the same answer. `detail`: the
   * provider's own words.
   */
  | { kind: 'rejected'; reason: string; detail?: string; suspect?: true }
  /**
   * the device does not have the app any more; `since`: ms since the epoch, null if the provider does
   * not say
   */
  | { kind: 'unregistered'; reason: string; since: number | null }
  /**
   * Worth another try. 'service': the provider asks us to wait with all pushes; 'device': with this one.
   * `afterMs`: the wait that it asks for. `stalledMs`: the wait when it accepts no push at all.
   */
  | {
      kind: 'retry';
      reason: string;
      afterMs: number | null;
      scope: 'device' | 'service';
      stalledMs?: number;
    }
  /** the push was sent, but no answer came */
  | { kind: 'unknown'; reason: string }
  /**
   * The message or our configuration may be at fault: one such answer proves nothing about the other
   * recipients. `proven`: no push could be sent at all, so it is about all of them.
   */
  | { kind: 'blocked'; reason: string; detail?: string; proven?: true };
