/** What was frozen of a device, and what became of it, in words. */

import type { Failure } from '../../model/chunk.ts';
import { explainedReason } from '../../model/provider/explained.ts';
import { descriptionOf } from '../../model/provider/registry.ts';
import type { FoundRecipient } from '../../ports/ports.ts';
import { type Facts, timeText, type WhyState } from './facts.ts';

export interface Delivery extends FoundRecipient {
  /** attempts at its chunk so far; of a failure, up to that */
  attempts: number;
  /** the id of the push at the provider; null: the provider gave it one, which is not kept */
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
  const { reasons: _, title, pushIds } = descriptionOf(it.provider);
  const explained = it.failure && explainedReason(it.failure);
  const delivery: Delivery = {
    ...it,
    attempts: it.failure?.attempts ?? it.attempt,
    pushId: pushIds && { header: pushIds.header, value: pushIds.of(it.chunkId)(it.index) },
    meaning: explained?.meaning ?? null,
  };
  if (it.failure && explained)
    return {
      ...{ state: 'failed', delivery },
      summary: `${failedText(title, it.failure)} ${explained.meaning}`,
      next: explained.next,
    };
  return { delivery, ...toldOf(facts, it, title) };
}

const failedText = (title: string, { reason }: Failure) =>
  reason === 'Expired'
    ? `${title} did not take the push in time.`
    : `${title} did not accept the push: ${reason}.`;

function toldOf(facts: Facts, it: FoundRecipient, title: string): Omit<Told, 'delivery'> {
  const { campaign } = facts;
  switch (it.state) {
    case 'accepted':
      return {
        state: 'accepted',
        summary: `${title} accepted the push${it.releasedAt === null ? '' : ` by ${timeText(it.releasedAt)}`}. It does not say whether the device shows it.`,
        next: `Was the device online before ${timeText(it.expiresAt)}, when the push expires? Does it show notifications of the app: the system's settings, Focus, Do Not Disturb?`,
      };
    case 'skipped':
      return {
        state: 'skipped',
        summary: campaign.dryRun
          ? 'The campaign is a dry run: nothing was sent.'
          : 'The campaign was cancelled before its turn came: nothing was sent.',
        next: campaign.dryRun ? 'Send the campaign without dryRun.' : '',
      };
    case 'open':
      return { state: 'waiting', ...waitingOf(facts, it) };
    case 'in-doubt':
      return {
        state: 'in-doubt',
        summary:
          'A push was sent and not answered, or was refused when the campaign was paused. It is sent once more.',
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

/** Why a recipient has no outcome yet. */
export function waitingOf(
  { campaign, now }: Pick<Facts, 'campaign' | 'now'>,
  { leaseUntil, notBefore, attempt }: FoundRecipient,
): { summary: string; next: string } {
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
      summary: `Its turn comes at ${timeText(notBefore)}${attempt > 0 ? ', after an attempt that did not settle it' : ''}.`,
      next: 'Ask again after that.',
    };
  return { summary: 'It waits in the queue.', next: 'Ask again in a minute.' };
}
