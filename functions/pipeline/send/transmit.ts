/** transmit: one attempt at a claimed chunk, with checkpoints while it lasts. */

import type { CampaignState } from '../../model/campaign.ts';
import type { Chunk } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';
import { CHECKPOINT_MS, CHUNK_DEADLINE_MS } from '../../model/timing.ts';
import type { Ports, Push, Ramp, Sender } from '../../ports/ports.ts';
import { type createWatch, isFinal, judge } from './classify.ts';
import type { Recorder } from './record.ts';
import type { Trial } from './trials.ts';

export interface Transmission {
  ports: Ports;
  sender: Sender;
  push: Push;
  chunk: Chunk;
  recorder: Recorder;
  trial: Trial;
  watch: ReturnType<typeof createWatch>;
  claimedAt: number;
  /** no push of the campaign has left before */
  isFirst: boolean;
  /** time has passed since the claim: the campaign may have been paused or cancelled */
  waited: boolean;
  stop: AbortSignal;
}

/** An outcome whose meaning is known only at the end of the attempt. */
interface Undecided {
  outcome: Outcome;
  /** pushes of this message that were accepted before it came */
  acceptedBefore: number;
}

/**
 * Sends until everybody was tried, or until there is a reason to stop: the worker ends, the time is
 * up, the lease is lost, the campaign was paused or cancelled, our configuration is at fault, the
 * provider asks everybody to wait. Pushes under way then still get their outcome; nobody else is
 * sent to.
 */
export async function transmit(it: Transmission) {
  const { ports, sender, push, chunk, recorder, trial, watch, claimedAt } = it;
  const { now } = ports;
  const stopped = new AbortController();
  const signal = AbortSignal.any([it.stop, stopped.signal]);
  // not AbortSignal.timeout: it would hold what it knows for all of that time
  const deadline = setTimeout(() => stopped.abort(), CHUNK_DEADLINE_MS);
  const undecided = new Map<number, Undecided>();
  const note = createNotes(ports, chunk, trial, it.isFirst, push.dryRun);
  let state = 'running' as CampaignState;
  let fenced = false;
  let unexpected: unknown = null;

  const decide = (index: number, outcome: Outcome, end?: End, alone = false) => {
    const doubtful = recorder.isDoubtful(index);
    const { exhausted = false, paused = false } = end ?? {};
    const verdict = judge(outcome, { claimedAt, doubtful, exhausted, paused, alone });
    // on a dry run nobody got it, and nothing is done on its word
    if (verdict.kind === 'accepted' && push.dryRun) recorder.skip(index);
    else if (verdict.kind === 'accepted') recorder.accept(index);
    else if (verdict.kind === 'failed') {
      const { reason, detail, forgetSince } = verdict;
      const kind = outcome.kind as Exclude<Outcome['kind'], 'accepted'>;
      recorder.fail(
        index,
        { outcome: kind, reason, detail },
        push.dryRun ? undefined : forgetSince,
      );
    } else if (verdict.doubtful) recorder.doubt(index);
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

  let taken = 0;
  let ended = false;
  const ramp: Ramp = {
    take() {
      const hasRoom = trial.take();
      if (hasRoom) taken += 1;
      return hasRoom;
    },
    // a wave that another chunk has met ends the wait: there will be no room before its pause
    wait(resume) {
      const woken = () => (trial.isWave() ? stopped.abort() : resume());
      if (trial.isWave()) woken();
      else trial.wait(woken);
    },
  };

  try {
    if (it.waited) await checkpoint();
    if (now() >= chunk.expiresAt) stopped.abort();
    await sender.send({
      push,
      seed: chunk.id,
      recipients: chunk.recipients,
      open: chunk.open,
      signal,
      ramp,
      settle(index, outcome) {
        // the sender has thrown, and what it left behind is answered
        if (ended) return;
        taken = Math.max(0, taken - 1);
        const acceptedBefore = trial.accepted;
        watch.see(outcome);
        note.see(outcome);
        if (isFinal(outcome)) decide(index, outcome);
        else undecided.set(index, { outcome, acceptedBefore });
        if (watch.blocked() !== null || watch.everybodyWaits()) stopped.abort();
      },
    });
  } catch (error) {
    // what is known is written down, or it would be sent again
    await checkpointing;
    await checkpoint();
    throw error;
  } finally {
    ended = true;
    trial.giveBack(taken);
    clearInterval(ticker);
    clearTimeout(deadline);
    await checkpointing;
    await note.written();
  }
  // what could not be written is not known: the chunk goes on from its last commit
  if (unexpected !== null) throw unexpected;

  const open = new Set(recorder.open());
  const left = [...undecided].filter(([index]) => open.has(index));
  return {
    fenced,
    state,
    /** what was refused for a fault that may be everybody's */
    blocked: left.flatMap(([, { outcome }]) =>
      outcome.kind === 'blocked' && !outcome.proven ? [outcome] : [],
    ),
    /** those who may still show it, since they have no answer yet, or one that says nothing of it */
    untold:
      open.size -
      left.filter(
        ([
          ,
          {
            outcome: { kind },
          },
        ]) => !saysNothing.has(kind),
      ).length,
    judgeRest(end: End) {
      for (const [index, { outcome, acceptedBefore }] of left) {
        if (end.unsure && !saysNothing.has(outcome.kind)) continue;
        const alone = trial.accepted > acceptedBefore || (trial.proven && chunk.attempt > 0);
        decide(index, outcome, end, alone);
      }
    },
  };
}

const saysNothing: ReadonlySet<Outcome['kind']> = new Set(['retry', 'unknown']);

interface End {
  /** there is no next attempt */
  exhausted: boolean;
  /** the campaign is paused for what was answered */
  paused: boolean;
  /** whether it has to be paused is not known, or could not be written: those it is about stay open */
  unsure: boolean;
}

/**
 * What is noted in the campaign while it is sent: when its first push left, and that a provider has
 * accepted one. Only a time in a report and a hint to others: what is learnt of the pushes is worth more.
 */
function createNotes(
  { store, now, log }: Ports,
  { campaignId, provider }: Chunk,
  trial: Trial,
  isFirst: boolean,
  dryRun: boolean,
) {
  let noting = Promise.resolve();
  let begun = !isFirst;
  const note = (acceptedBy?: typeof provider) => {
    const at = now();
    noting = noting
      .then(() => store.notePush(campaignId, at, acceptedBy))
      .catch((error) => log.unexpected({ where: 'noting the first push', error }));
  };
  return {
    see(outcome: Outcome) {
      const accepts = outcome.kind === 'accepted' && !dryRun && trial.isToBeNoted();
      if (accepts) note(provider);
      else if (!begun) note();
      begun = true;
    },
    written: () => noting,
  };
}
