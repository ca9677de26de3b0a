/** complete: publishes the events that the store keeps in its outbox. */

import { closedIn } from '../model/campaign-events.ts';
import type { CampaignEvent } from '../model/event.ts';
import type { Ports } from '../ports/ports.ts';

/**
 * Publishes the events in the outbox of a campaign (or a webhook, by its id), and notes that they are
 * published. A process that dies in between does no harm: the sweep publishes them again under the same
 * ids. Throws as `publish` does.
 */
export async function announce(ports: Ports, subject: string): Promise<void> {
  await publish(ports, await ports.store.unpublished(subject));
}

/**
 * Throws when an event cannot be published or noted; those that were published are then published
 * again.
 */
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

/** Logs an error of `announce` where the caller must go on: the sweep publishes the events later. */
export const leaveToSweep =
  ({ log }: Pick<Ports, 'log'>, subject: string) =>
  (error: unknown) =>
    log.taskFailed({ task: `publish/${subject}`, attempt: 0, error });
