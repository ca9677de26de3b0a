/** complete: the world is told. What has happened is in the outbox; here it goes out. */

import { closedIn } from '../model/campaign-events.ts';
import type { CampaignEvent } from '../model/event.ts';
import type { Ports } from '../ports/ports.ts';

/**
 * Publishes what is in the outbox of a campaign (or a webhook), and notes that it is out. Dying in
 * between is harmless: the sweep publishes it again under the same id.
 */
export async function announce(ports: Ports, subject: string): Promise<void> {
  await publish(ports, await ports.store.unpublished(subject));
}

/** Throws when they cannot be published; what went out then goes out again. */
export async function publish({ store, events, log }: Ports, some: CampaignEvent[]): Promise<void> {
  if (some.length === 0) return;
  await Promise.all(some.map((it) => events.publish(it)));
  await store.published(some);
  for (const it of some) {
    const closed = closedIn(it);
    if (!closed) continue;
    const { unread, ...end } = closed;
    log.campaignClosed({ campaignId: it.subject, ...end });
    if (unread > 0) log.audienceUnread({ campaignId: it.subject, unread });
  }
}

/** Where something more important is under way, an event that cannot go out waits for the sweep. */
export const leaveToSweep =
  ({ log }: Pick<Ports, 'log'>, subject: string) =>
  (error: unknown) =>
    log.taskFailed({ task: `publish/${subject}`, attempt: 0, error });
