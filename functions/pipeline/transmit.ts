/** transmit: one attempt at a claimed chunk, with checkpoints while it lasts. */

import type { Chunk, Outcome, Ports, Push, Sender } from '../ports.ts';
import type { CampaignState } from './campaign.ts';
import { type createWatch, isFinal, judge } from './judge.ts';
import type { Recorder } from './record.ts';
import { CHECKPOINT_MS, CHUNK_DEADLINE_MS } from './timing.ts';

export interface Transmission {
  ports: Ports;
  sender: Sender;
  push: Push;
  chunk: Chunk;
  recorder: Recorder;
  watch: ReturnType<typeof createWatch>;
  claimedAt: number;
  /** no push of the campaign has left before */
  isFirst: boolean;
  stop: AbortSignal;
}

/**
 * Sends until everybody was tried, or until there is a reason to stop: the worker ends, the time is
 * up, the lease is lost, the campaign was paused or cancelled, our configuration is at fault, the
 * provider asks everybody to wait. Pushes under way then still get their outcome; nobody else is
 * sent to.
 */
export async function transmit(it: Transmission) {
  const { ports, sender, push, chunk, recorder, watch, claimedAt } = it;
  const stopped = new AbortController();
  const signal = AbortSignal.any([it.stop, stopped.signal]);
  // not AbortSignal.timeout: it would hold what it knows for all of that time
  const deadline = setTimeout(() => stopped.abort(), CHUNK_DEADLINE_MS);
  /** outcomes whose meaning is known only at the end of the attempt */
  const undecided = new Map<number, Outcome>();
  let noting: Promise<void> | null = it.isFirst ? null : Promise.resolve();
  let state = 'running' as CampaignState;
  let fenced = false;
  let unexpected: unknown = null;

  const decide = (index: number, outcome: Outcome, exhausted: boolean) => {
    const doubtful = recorder.isDoubtful(index);
    const verdict = judge(outcome, { claimedAt, doubtful, exhausted });
    // on a dry run nobody got it, and nothing is done on its word
    if (verdict.kind === 'accepted' && push.dryRun) recorder.skip(index);
    else if (verdict.kind === 'accepted') recorder.accept(index);
    else if (verdict.kind === 'failed')
      recorder.fail(
        index,
        { outcome: outcome.kind as Exclude<Outcome['kind'], 'accepted'>, reason: verdict.reason },
        push.dryRun ? undefined : verdict.forgetSince,
      );
    else if (verdict.doubtful) recorder.doubt(index);
  };

  const checkpoint = async () => {
    try {
      const committed = await recorder.checkpoint();
      if (committed.kind === 'fenced') fenced = true;
      else state = committed.state;
      if (fenced || state !== 'running') stopped.abort();
    } catch (error) {
      unexpected = error;
      stopped.abort();
    }
  };
  let checkpointing: Promise<void> | null = null;
  const ticker = setInterval(() => {
    checkpointing ??= checkpoint().finally(() => {
      checkpointing = null;
    });
  }, CHECKPOINT_MS);

  try {
    await sender.send({
      push,
      seed: chunk.id,
      recipients: chunk.recipients,
      open: chunk.open,
      signal,
      settle(index, outcome) {
        noting ??= noteFirstPush(ports, push.campaignId);
        watch.see(outcome);
        if (isFinal(outcome)) decide(index, outcome, false);
        else undecided.set(index, outcome);
        if (watch.blocked() !== null || watch.everybodyWaits()) stopped.abort();
      },
    });
  } finally {
    clearInterval(ticker);
    clearTimeout(deadline);
    await checkpointing;
    await noting;
  }
  // what could not be written is not known: the chunk goes on from its last commit
  if (unexpected !== null) throw unexpected;

  return {
    fenced,
    state,
    /** `asIs`: our configuration is at fault, so nobody undecided is blamed for it */
    judgeRest({ exhausted, asIs }: { exhausted: boolean; asIs: boolean }) {
      const open = new Set(recorder.open());
      for (const [index, outcome] of undecided) {
        if (!open.has(index)) continue;
        const blame = asIs && outcome.kind === 'rejected';
        if (!blame) decide(index, outcome, exhausted);
      }
    },
  };
}

/** Only a time in a report: what is learnt of the pushes is worth more. */
async function noteFirstPush({ store, now, log }: Ports, campaignId: string) {
  try {
    await store.notePush(campaignId, now());
  } catch (error) {
    log.unexpected({ where: 'noting the first push', error });
  }
}
