/** What may keep a person from seeing a push that is sent, and what has changed since. */

import { descriptionOf } from '../../model/provider/registry.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Delivery } from './delivery.ts';
import { type Facts, type Hint, timeText } from './facts.ts';
import { hasMoved } from './turn.ts';

/** The hints for an answer. `delivery`: what was frozen of the device; null: nothing. */
export function hintsOf(
  { senders }: Pick<Ports, 'senders'>,
  { campaign, installation }: Facts,
  delivery: Delivery | null,
): Hint[] {
  const hints: Hint[] = [];
  const add = (kind: Hint['kind'], text: string) => hints.push({ kind, text });
  if (installation === null) {
    if (!delivery?.failure?.pruned)
      add(
        'removed',
        'The app has no such installation now: it was removed, or is another one by now.',
      );
    return hints;
  }
  const { app, provider, environment, permission, optedOut, optedOutOf, refreshedAt } =
    installation;
  if (permission === 'denied')
    add('permission-denied', 'The person has not allowed notifications: the device shows nothing.');
  if (permission === 'provisional')
    add(
      'permission-provisional',
      'Notifications are provisional: they come quietly, without sound.',
    );
  if (optedOut && delivery) add('opted-out', 'The installation has opted out by now.');
  const { category } = campaign.message;
  if (!optedOut && delivery && category !== undefined && optedOutOf?.includes(category))
    add('opted-out', `The installation has opted out of the category "${category}" by now.`);
  const frozenAt = delivery?.frozenAt ?? null;
  if (delivery && frozenAt !== null && refreshedAt > frozenAt)
    add(
      'registered-since',
      `Its app registered after that, at ${timeText(refreshedAt)}: the token may be another one by now.`,
    );
  if (hasMoved(campaign, installation))
    add(
      'moved',
      `Its time zone changed at ${timeText(installation.movedAt!)}, or it came back then, to ${installation.timeZone ?? 'none'}: it is sent to once, in the wave of its zone or in the last one.`,
    );
  if (!senders.get(app, provider, environment))
    add(
      'no-credentials',
      `The app "${campaign.app}" has no credentials for ${descriptionOf(provider).title}.`,
    );
  return hints;
}
