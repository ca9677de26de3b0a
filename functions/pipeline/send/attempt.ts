/** attempt: sends what is open in a chunk, and says what it means for each recipient. It stores nothing. */

import type { Campaign } from '../../model/campaign.ts';
import { backoff, UNPROVEN_WAIT_MS } from '../../model/timing.ts';
import { pushOf } from '../accept/push.ts';
import { createWatch } from './classify.ts';
import { awaitTurn, refusedByAll } from './probe.ts';
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
      /** the provider asks everybody to wait until then */
      asksToWait: boolean;
    };

const endedAt = (next: number): Ended => ({
  kind: 'ended',
  next,
  paused: false,
  asksToWait: false,
});

/**
 * Makes one attempt. Throws when the sender or the store fails; `recorder` then has what was learnt.
 */
export async function attempt(it: Attempt): Promise<Ended> {
  const { ports, chunk, campaign, recorder, claimedAt } = it;
  if (campaign.state === 'cancelling') {
    for (const index of recorder.open()) recorder.skip(index);
    return endedAt(claimedAt);
  }
  if (claimedAt >= chunk.expiresAt) {
    for (const index of recorder.open())
      recorder.fail(index, { outcome: 'retry', reason: 'Expired' });
    return endedAt(claimedAt);
  }
  const sender = ports.senders.get(chunk.app, chunk.provider, chunk.environment);
  if (!sender) {
    await it.pause(`app "${chunk.app}" has no credentials for ${chunk.provider}`);
    return { kind: 'ended', next: claimedAt, paused: true, asksToWait: false };
  }
  const trial = trialOf(ports.store, campaign.id, chunk.provider);
  // a message is sent by one process only: none has to wait for another one to try it
  const turn =
    it.isOnly === undefined ? await awaitTurn(ports, chunk, campaign, trial, it.stop) : 'now';
  if (turn === 'later') return endedAt(ports.now() + UNPROVEN_WAIT_MS);
  const watch = createWatch(trial);
  let transmitted: Transmitted;
  let paused: Paused = null;
  try {
    transmitted = await transmit({
      ...it,
      sender,
      push: pushOf(campaign, chunk.expiresAt),
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
  return classifyRest(it, { transmitted, paused, watch, trial });
}

interface Attempted {
  transmitted: Transmitted;
  paused: Paused;
  watch: ReturnType<typeof createWatch>;
  trial: Trial;
}

/** Classifies what is left, now that it is known how the attempt ended. */
function classifyRest(
  { ports: { now, random }, chunk, recorder, stop }: Attempt,
  { transmitted, paused, watch, trial }: Attempted,
): Ended {
  const cancelled = transmitted.state === 'cancelling';
  const progress = recorder.progress();
  const waitMs = Math.max(
    watch.waitMs(progress),
    backoff(progress ? 0 : chunk.stalled, random),
    transmitted.blocked.length > 0 && !trial.proven ? UNPROVEN_WAIT_MS : 0,
  );
  // a resume does not wait for what is left of a backoff
  const next = stop.aborted || paused === 'paused' ? now() : now() + Math.ceil(waitMs);
  transmitted.classifyRest({
    exhausted: cancelled || next >= chunk.expiresAt,
    // paused by another chunk, it may share the cause
    paused: paused === 'paused' || transmitted.state === 'paused',
    unsure: paused === 'failed',
  });
  if (cancelled) for (const index of recorder.open()) recorder.skip(index);
  const asksToWait = watch.everybodyWaits() && !stop.aborted;
  return { kind: 'ended', next, paused: paused === 'paused', asksToWait };
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
