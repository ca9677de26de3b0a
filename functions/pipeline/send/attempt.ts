/** attempt: sends what is open in a chunk, and says what it means for each recipient. It stores nothing. */

import type { Campaign } from '../../model/campaign.ts';
import type { Held } from '../../model/chunk.ts';
import { backoff, UNPROVEN_WAIT_MS } from '../../model/timing.ts';
import { createWatch } from './classify.ts';
import { awaitTurn, refusedByAll } from './probe.ts';
import { type Sendable, sendableIn } from './quiet.ts';
import { type Sending, type Transmitted, transmit } from './transmit.ts';
import { type Trial, trialOf } from './trials.ts';

/** All that an attempt at a chunk needs. */
interface Attempt extends Sending {
  campaign: Campaign;
  /** true if the campaign has this chunk only; undefined: the store knows */
  isOnly?: boolean;
  /** Pauses the campaign for this reason, after which the attempt ends. */
  pause(why: string): Promise<void>;
}

export type Ended =
  /** another worker has the chunk */
  | { kind: 'fenced' }
  | {
      kind: 'ended';
      /** when what is left may be sent, ms since the epoch */
      next: number;
      /** what is left waits until the campaign is resumed */
      paused: boolean;
      /** what is left waits for the end of quiet hours */
      waits: boolean;
      /** those that wait for it from now on; undefined: none, or none that did not before */
      held: Held | undefined;
      /** pushes were to be sent; false if all of them were held or had expired */
      tried: boolean;
      /** until when the provider asks everybody to wait, in ms since the epoch; null: it does not */
      asksToWait: number | null;
    };

/** How an attempt ended. */
export const ended = (
  it: { next: number } & Partial<Extract<Ended, { kind: 'ended' }>>,
): Ended => ({
  kind: 'ended',
  paused: false,
  waits: false,
  held: undefined,
  tried: true,
  asksToWait: null,
  ...it,
});

/**
 * Makes one attempt. Throws when the sender or the store fails; `recorder` then has what was learnt.
 */
export async function attempt(it: Attempt): Promise<Ended> {
  const { ports, chunk, campaign, recorder, claimedAt } = it;
  if (campaign.state === 'cancelling') {
    for (const index of recorder.open()) recorder.skip(index);
    return ended({ next: claimedAt });
  }
  const sendable = sendableIn(ports, chunk, campaign);
  for (const index of sendable.expired(recorder.open(), claimedAt))
    recorder.fail(index, { outcome: 'retry', reason: 'Expired' });
  const parts = sendable.parts(recorder.open(), claimedAt);
  if (parts.length === 0) return heldAll(it, sendable);
  const sender = ports.senders.get(chunk.app, chunk.provider, chunk.environment);
  if (!sender) {
    await it.pause(`app "${chunk.app}" has no credentials for ${chunk.provider}`);
    return ended({ next: claimedAt, paused: true });
  }
  const trial = trialOf(ports.store, campaign.id, chunk.provider);
  // a message is sent by one process only: none has to wait for another one to try it
  const turn =
    it.isOnly === undefined ? await awaitTurn(ports, chunk, campaign, trial, it.stop) : 'now';
  if (turn === 'later')
    return ended({ next: sendable.next(recorder.open(), ports.now() + UNPROVEN_WAIT_MS) });
  const watch = createWatch(trial);
  let transmitted: Transmitted;
  let paused: Paused = null;
  try {
    transmitted = await transmit({
      ...it,
      sender,
      parts,
      dryRun: campaign.dryRun,
      trial,
      watch,
      isFirst: campaign.firstPushAt === null && !campaign.dryRun,
      waited: turn === 'waited',
    });
    if (transmitted.fenced) return { kind: 'fenced' };
    paused = await pauseIfNeeded(
      it,
      async () =>
        watch.blocked() ?? (await refusedByAll(ports, chunk, trial, transmitted, it.isOnly)),
    );
  } finally {
    // not before the pause: a chunk that begins now is refused by its claim. But also if it failed, or
    // there would be no room any more, and no answer that makes some
    if (watch.blocked() !== null || paused === 'paused') trial.startAgain();
  }
  return classifyRest(it, { sendable, transmitted, paused, watch, trial });
}

/** Nothing may be sent now. */
function heldAll({ recorder, claimedAt }: Attempt, sendable: Sendable): Ended {
  const open = recorder.open();
  const next = sendable.next(open, claimedAt);
  const held = sendable.held(open, claimedAt);
  return ended({ next, waits: open.length > 0, held, tried: false });
}

interface Attempted {
  sendable: Sendable;
  transmitted: Transmitted;
  paused: Paused;
  watch: ReturnType<typeof createWatch>;
  trial: Trial;
}

/** Classifies what is left, now that it is known how the attempt ended. */
function classifyRest(
  { ports: { now, random }, chunk, recorder, stop }: Attempt,
  { sendable, transmitted, paused, watch, trial }: Attempted,
): Ended {
  const cancelled = transmitted.state === 'cancelling';
  const progress = recorder.progress();
  const waitMs = Math.max(
    watch.waitMs(progress),
    backoff(progress ? 0 : chunk.stalled, random),
    transmitted.blocked.length > 0 && !trial.proven ? UNPROVEN_WAIT_MS : 0,
  );
  // a resume does not wait for what is left of a backoff
  const from = stop.aborted || paused === 'paused' ? now() : now() + Math.ceil(waitMs);
  const exhausted = new Set(sendable.expired(recorder.open(), from));
  transmitted.classifyRest({
    exhausted: (index) => cancelled || exhausted.has(index),
    // paused by another chunk, it may share the cause
    paused: paused === 'paused' || transmitted.state === 'paused',
    unsure: paused === 'failed',
  });
  if (cancelled) for (const index of recorder.open()) recorder.skip(index);
  const open = recorder.open();
  const next = sendable.next(open, from);
  return ended({
    next,
    paused: paused === 'paused',
    waits: open.length > 0 && next > from,
    held: sendable.held(open, from),
    asksToWait: watch.everybodyWaits() && !stop.aborted ? from : null,
  });
}

/** Null: there is no reason to pause. 'failed': there may be one, and the store failed. */
type Paused = 'paused' | 'failed' | null;

/** Never throws: what was learnt of the pushes has to be written down, or they are sent again. */
async function pauseIfNeeded(it: Attempt, reason: () => Promise<string | null>): Promise<Paused> {
  try {
    const why = await reason();
    if (why !== null) await it.pause(why);
    return why === null ? null : 'paused';
  } catch (error) {
    it.ports.log.unexpected({ where: 'pausing', error });
    return 'failed';
  }
}
