/** What was frozen of a device, and what became of it, in words. */

import type { Failure } from '../../model/chunk.ts';
import { explainedReason } from '../../model/provider/explained.ts';
import { descriptionOf } from '../../model/provider/registry.ts';
import type { FoundRecipient } from '../../ports/ports.ts';
import { type Facts, localText, timeText, type WhyState } from './facts.ts';

export interface Delivery extends FoundRecipient {
  /** attempts at its chunk so far; of a failure, up to that */
  attempts: number;
  /** a dry run, in which the provider was asked whether it would take the push */
  isChecked: boolean;
  /** by when it had its outcome, in ms; null: it has none, or the time is not known */
  settledBy: number | null;
  /** how to name the push in a question to the provider; null: it has no name, or it is not kept */
  pushId: { header: string; value: string } | null;
  /** of a failure */
  meaning: string | null;
}

interface Told {
  state: WhyState;
  summary: string;
  next: string;
  delivery: Delivery;
}

/** The answer for a recipient. */
export function deliveryOf(facts: Facts, it: FoundRecipient): Told {
  const { title, pushIds, canDryRun } = descriptionOf(it.provider);
  const { dryRun, state } = facts.campaign;
  // what a cancellation has skipped was not asked for
  const isChecked = dryRun && canDryRun && (it.failure !== null || state !== 'cancelled');
  const explained = it.failure && explainedReason(it.failure);
  const id = pushIds?.of ? pushIds.of(it.chunkId)(it.index) : it.pushName;
  const delivery: Delivery = {
    ...it,
    attempts: it.failure?.attempts ?? it.attempt,
    isChecked,
    settledBy: it.failure?.at ?? settledBy(it),
    pushId:
      pushIds && id && (dryRun ? isChecked : mayHaveLeft(it))
        ? { header: pushIds.header, value: id }
        : null,
    meaning: explained?.meaning ?? null,
  };
  if (it.failure && explained)
    return {
      state: 'failed',
      delivery,
      summary: `${failedText(title, it.failure)} ${explained.meaning}`,
      next: explained.next,
    };
  return { delivery, ...toldOf(facts, delivery, title) };
}

/** Skipped when its recipients were frozen. */
export const isLeftOut = (state: FoundRecipient['state']) => state === 'capped' || state === 'late';

/** A push that is skipped, or has expired, does not leave in that attempt. */
const mayHaveLeft = ({ attempt, state, failure }: FoundRecipient) =>
  !isLeftOut(state) && attempt > (state === 'skipped' || failure?.reason === 'Expired' ? 1 : 0);

/** While a later attempt has the chunk, it may have been settled in that, and not by the end of the last. */
const settledBy = ({ state, leaseUntil, releasedAt }: FoundRecipient) =>
  leaseUntil === null && state !== 'open' && state !== 'in-doubt' ? releasedAt : null;

const failedText = (title: string, { reason }: Failure) =>
  reason === 'Expired'
    ? `${title} did not take the push in time.`
    : `${title} did not accept the push: ${reason}.`;

function toldOf(facts: Facts, it: Delivery, title: string): Omit<Told, 'delivery'> {
  const { campaign } = facts;
  switch (it.state) {
    case 'accepted':
      return {
        state: 'accepted',
        summary: `${title} accepted the push${it.settledBy === null ? '' : ` by ${timeText(it.settledBy)}`}. It does not say whether the device shows it.`,
        next: `Was the device online before ${timeText(it.expiresAt)}, when the push expires? Does it show notifications of the app: the system's settings, Focus, Do Not Disturb?`,
      };
    case 'skipped':
      if (campaign.dryRun)
        return {
          state: 'skipped',
          summary: it.isChecked
            ? `${DRY_RUN} ${title} has checked it, and found no fault.`
            : DRY_RUN,
          next: NOT_DRY,
        };
      // the attempt that found the campaign cancelled is one of them
      return { state: 'skipped', summary: it.attempts > 1 ? CANCELLED_LATE : CANCELLED, next: '' };
    case 'capped':
      return { state: 'skipped', summary: CAPPED, next: CAPPED_NEXT };
    case 'late':
      return { state: 'skipped', summary: lateText(facts), next: LATE_NEXT };
    case 'open':
      return { state: 'waiting', ...waitingOf(facts, it) };
    case 'in-doubt':
      return {
        state: 'in-doubt',
        summary: `A push was sent and not answered, or was refused when the campaign was paused. ${campaign.state === 'cancelling' ? 'The campaign is being cancelled: nothing more is sent.' : 'It is sent once more.'}`,
        next: waitingOf(facts, it).next,
      };
    case 'untold':
      return {
        state: 'unknown',
        summary: `It was a recipient and did not fail. An earlier version of Volley kept no more of it.`,
        next: '',
      };
    default:
      return {
        state: 'failed',
        summary: `${title} did not accept the push. The reason is no longer known.`,
        next: '',
      };
  }
}

const DRY_RUN = 'The campaign is a dry run: nothing was sent.';
const CANCELLED = 'The campaign was cancelled before its turn came: nothing was sent.';
const CANCELLED_LATE =
  'The campaign was cancelled before the push had an outcome. An earlier attempt did not settle it: whether the device got it is not known.';
const CAPPED =
  'It was over a cap of its app: it had as many campaigns as the policy allows in that time.';
const CAPPED_NEXT =
  'The caps: volley apps policy. A message, and a test send, reach a device over its caps.';
const lateText = ({ campaign: { schedule } }: Facts) =>
  `Its clock had shown ${localText(schedule?.local)} already when the campaign was accepted: the campaign skips those.`;
const LATE_NEXT =
  'To send to them too: `late` of the schedule is `now`, or `next-day`. See docs/timing.md.';
const NOT_DRY = 'Send the campaign without dryRun.';

/** Why a recipient has no outcome yet. */
export function waitingOf(
  facts: Facts,
  { leaseUntil, notBefore, attempt, shard }: FoundRecipient,
): { summary: string; next: string } {
  const { campaign, now } = facts;
  if (campaign.state === 'paused')
    return {
      summary: `It waits: the campaign is paused (${campaign.reason ?? 'no reason given'}).`,
      next: `When the cause is mended: volley resume ${campaign.id}`,
    };
  if (campaign.state === 'cancelling')
    return { summary: 'The campaign is being cancelled: nothing more is sent.', next: '' };
  if (leaseUntil !== null && leaseUntil > now)
    return { summary: 'Its chunk is being sent now.', next: 'Ask again in a few seconds.' };
  if (notBefore > now)
    return {
      summary: `${turnText(facts, shard, notBefore)}${attempt > 0 ? ', after an attempt that did not settle it' : ''}.`,
      next: 'Ask again after that.',
    };
  return { summary: 'It waits in the queue.', next: 'Ask again in a minute.' };
}

/** When its turn comes, and what it waits for. */
function turnText({ campaign, found, time }: Facts, shard: number, at: number): string {
  const wave = found.shards.find((it) => it.index === shard)?.wave;
  if (wave?.isHeld || time?.quietUntil === at)
    return `It waits for the end of quiet hours${time ? ` in ${time.zone}` : ''}: its turn comes at ${timeText(at)}`;
  const { local } = campaign.schedule ?? {};
  const clock = local && wave ? `, when its clock shows ${localText(local)}` : '';
  return `Its turn comes at ${timeText(at)}${clock}`;
}
