/** Checkpoints of an attempt: what is known is committed every few seconds, and the lease extended. */

import type { CampaignState } from '../../model/campaign.ts';
import { CHECKPOINT_MS } from '../../model/timing.ts';
import type { Committed } from '../../ports/ports.ts';

interface Checkpoints {
  /** Commits now. Never rejects: what a commit throws is kept in `unexpected`. */
  commit(): Promise<void>;
  /** Waits for the commit under way, if there is one. */
  settled(): Promise<void>;
  /** Commits no more by itself, and waits for the commit under way. */
  stop(): Promise<void>;
  /** the lease is lost: another worker has the chunk */
  readonly fenced: boolean;
  /** the campaign's, as of the last commit */
  readonly state: CampaignState;
  /** what a commit threw; null: nothing */
  readonly unexpected: unknown;
}

/** `onEnd` is called when no further push may start: lease lost, campaign not running, store failed. */
export function createCheckpoints(
  recorder: { checkpoint(): Promise<Committed> },
  onEnd: () => void,
): Checkpoints {
  let fenced = false;
  let state: CampaignState = 'running';
  let unexpected: unknown = null;
  let underWay: Promise<void> | null = null;

  async function commit() {
    try {
      const committed = await recorder.checkpoint();
      if (committed.kind === 'fenced') fenced = true;
      else state = committed.state;
      if (fenced || state !== 'running') onEnd();
    } catch (error) {
      unexpected = error;
      onEnd();
    }
  }

  const ticker = setInterval(() => {
    underWay ??= commit().finally(() => {
      underWay = null;
    });
  }, CHECKPOINT_MS);

  return {
    commit,
    async settled() {
      await underWay;
    },
    async stop() {
      clearInterval(ticker);
      await underWay;
    },
    get fenced() {
      return fenced;
    },
    get state() {
      return state;
    },
    get unexpected() {
      return unexpected;
    },
  };
}
