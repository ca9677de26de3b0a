/** transmit: one attempt at a claimed chunk, with checkpoints while it lasts. */

import type { CampaignState } from '../../model/campaign.ts';
import type { Chunk } from '../../model/chunk.ts';
import type { Outcome } from '../../model/outcome.ts';
import { CHUNK_DEADLINE_MS } from '../../model/timing.ts';
import type { Batch, Committed, Ports, Ramp, Sender } from '../../ports/ports.ts';
import { createCheckpoints } from './checkpoints.ts';
import { classify, type createWatch, isFinal } from './classify.ts';
import { createNotes, type NotePush } from './notes.ts';
import type { Outcomes } from './outcomes.ts';
import { type Part, wasTried } from './quiet.ts';
import type { Trial } from './trials.ts';

/** A chunk that this process alone may send, and where it says what it learns. */
export interface Sending {
  ports: Ports;
  chunk: Chunk;
  recorder: Outcomes & {
    /** Stores what is known, while the attempt lasts. */
    checkpoint(): Promise<Committed>;
  };
  claimedAt: number;
  /** the provider's names for the pushes are kept: of messages only */
  keepsNames?: boolean;
  stop: AbortSignal;
  notePush: NotePush;
}

interface Transmission extends Sending {
  sender: Sender;
  /** the open recipients that are sent to */
  parts: Part[];
  dryRun: boolean;
  trial: Trial;
  watch: ReturnType<typeof createWatch>;
  /** no push of the campaign has left before */
  isFirst: boolean;
  /** time has passed since the claim: the campaign may have been paused or cancelled */
  waited: boolean;
}

/** An outcome that can be classified only at the end of the attempt. */
interface Undecided {
  outcome: Outcome;
  /** pushes of this message that were accepted before it came */
  acceptedBefore: number;
}

/** How the attempt ended, as far as it decides about the outcomes that are still open. */
interface End {
  /** whether a recipient has no next attempt */
  exhausted(index: number): boolean;
  /** the campaign is paused for what was answered */
  paused: boolean;
  /** whether it has to be paused is not known, or could not be written: its cause stays open */
  unsure: boolean;
}

export interface Transmitted {
  /** the lease is lost: another worker has the chunk */
  fenced: boolean;
  /** the campaign's, as of the last commit */
  state: CampaignState;
  /** refusals for a fault that may concern all recipients */
  blocked: Extract<Outcome, { kind: 'blocked' }>[];
  /**
   * open recipients that were to be sent to and have no answer, or one that does not show whether that
   * fault is theirs
   */
  untold: number;
  /** Classifies what is left, now that the end of the attempt is known. */
  classifyRest(end: End): void;
}

/**
 * Sends until every recipient was tried, or until there is a reason to stop: the worker ends, the time
 * is up, the lease is lost, the campaign was paused or cancelled, our configuration is at fault, the
 * provider asks everyone to wait. Pushes under way then still get their outcome; no other push starts.
 */
export async function transmit(it: Transmission): Promise<Transmitted> {
  const { ports, chunk, recorder, trial, watch, isFirst, dryRun } = it;
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  const checkpoints = createCheckpoints(recorder, stop);
  const ramp = createCountedRamp(trial, stop);
  const notes = createNotes({ ...ports, notePush: it.notePush }, { chunk, trial, isFirst, dryRun });
  const undecided = new Map<number, Undecided>();
  // not AbortSignal.timeout: it would hold what it knows for all of that time
  const deadline = setTimeout(stop, CHUNK_DEADLINE_MS);
  let ended = false;

  function settle(index: number, outcome: Outcome) {
    // the sender has thrown, and what it left behind is answered
    if (ended) return;
    ramp.answered();
    const acceptedBefore = trial.accepted;
    watch.see(outcome);
    notes.see(outcome);
    if (isFinal(outcome)) decide(it, index, outcome);
    else undecided.set(index, { outcome, acceptedBefore });
    if (watch.blocked() !== null || watch.everybodyWaits()) stop();
  }

  try {
    if (it.waited) await checkpoints.commit();
    const signal = AbortSignal.any([it.stop, stopped.signal]);
    const sent = it.parts.map((part) =>
      // of several parts none is left behind when one fails
      sendPart(it, part, { signal, ramp, settle }).catch((error: unknown) => {
        stop();
        throw error;
      }),
    );
    await Promise.allSettled(sent);
    await Promise.all(sent);
  } catch (error) {
    // what is known is written down, or it would be sent again
    await checkpoints.settled();
    await checkpoints.commit();
    throw error;
  } finally {
    ended = true;
    ramp.giveBackRest();
    clearTimeout(deadline);
    await checkpoints.stop();
    await notes.written();
  }
  // what could not be written is not known: the chunk goes on from its last commit
  if (checkpoints.unexpected !== null) throw checkpoints.unexpected;
  const { fenced, state } = checkpoints;
  return { fenced, state, ...restOf(it, undecided) };
}

/** Sends one part, as long as its pushes may start. */
async function sendPart(
  { ports, sender, chunk, keepsNames = false }: Transmission,
  { push, endsAt, open }: Part,
  { signal, ...batch }: Pick<Batch, 'signal' | 'ramp' | 'settle'>,
) {
  const leftMs = endsAt - ports.now();
  if (leftMs <= 0) return;
  const ended = new AbortController();
  const timer =
    push.deliverBy !== undefined && leftMs < CHUNK_DEADLINE_MS
      ? setTimeout(() => ended.abort(), leftMs)
      : undefined;
  await sender
    .send({
      push,
      seed: chunk.id,
      recipients: chunk.recipients,
      open,
      signal: timer ? AbortSignal.any([signal, ended.signal]) : signal,
      keepsNames,
      ...batch,
    })
    .finally(() => clearTimeout(timer));
}

interface CountedRamp extends Ramp {
  /** An outcome has come: the trial has its room back already. */
  answered(): void;
  /** Gives back the room of pushes that will have no outcome. */
  giveBackRest(): void;
}

/** The trial's room, and how much of it this attempt holds. */
function createCountedRamp(trial: Trial, stop: () => void): CountedRamp {
  let taken = 0;
  return {
    take() {
      const hasRoom = trial.take();
      if (hasRoom) taken += 1;
      return hasRoom;
    },
    // a wave that another chunk has met ends the wait: there will be no room before its pause
    wait(resume: () => void) {
      const woken = () => (trial.isWave() ? stop() : resume());
      if (trial.isWave()) woken();
      else trial.wait(woken);
    },
    answered() {
      taken = Math.max(0, taken - 1);
    },
    giveBackRest: () => trial.giveBack(taken),
  };
}

type Rest = { exhausted: boolean; alone: boolean } & Pick<End, 'paused'>;

/** Records what an outcome means for its recipient. */
function decide(
  { recorder, dryRun, claimedAt }: Transmission,
  index: number,
  outcome: Outcome,
  { exhausted = false, paused = false, alone = false }: Partial<Rest> = {},
) {
  const inDoubt = recorder.isInDoubt(index);
  const verdict = classify(outcome, { claimedAt, inDoubt, exhausted, paused, alone });
  switch (verdict.kind) {
    case 'accepted':
      // a dry run reaches no device
      if (dryRun) return recorder.skip(index);
      return recorder.accept(index, outcome.kind === 'accepted' ? outcome.name : undefined);
    case 'failed': {
      const { reason, detail, forgetSince } = verdict;
      const kind = outcome.kind as Exclude<Outcome['kind'], 'accepted'>;
      // and forgets no token
      const since = dryRun ? undefined : forgetSince;
      return recorder.fail(index, { outcome: kind, reason, detail }, since);
    }
    case 'open':
      if (verdict.inDoubt) recorder.doubt(index);
  }
}

/** Outcomes that do not show whether a fault is the recipient's or everyone's. */
const saysNothing: ReadonlySet<Outcome['kind']> = new Set(['retry', 'unknown']);

function restOf(it: Transmission, undecided: Map<number, Undecided>) {
  const { chunk, parts, recorder, trial } = it;
  const open = new Set(recorder.open());
  const isLeft = (index: number) => open.has(index);
  const left = [...undecided].filter(([index]) => isLeft(index));
  const outcomes = left.map(([, { outcome }]) => outcome);
  return {
    blocked: outcomes.filter((outcome) => outcome.kind === 'blocked' && !outcome.proven) as Extract<
      Outcome,
      { kind: 'blocked' }
    >[],
    untold:
      parts.reduce((sum, it) => sum + it.open.filter(isLeft).length, 0) -
      outcomes.filter(({ kind }) => !saysNothing.has(kind)).length,
    classifyRest(end: End) {
      for (const [index, { outcome, acceptedBefore }] of left) {
        if (end.unsure && !saysNothing.has(outcome.kind)) continue;
        const alone = trial.accepted > acceptedBefore || (trial.proven && wasTried(chunk));
        decide(it, index, outcome, { ...end, exhausted: end.exhausted(index), alone });
      }
    },
  };
}
