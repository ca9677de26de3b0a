/**
 * Events of the embedded engine. An event is a task of the queue `deliver`, so it survives a restart
 * and is retried with the queue's backoff.
 */

import { setNewest } from '../lib/bounded-map.ts';
import type { CampaignEvent } from '../model/event.ts';
import type { Events, Queue } from '../ports/ports.ts';

/** Events remembered as delivered in part. The oldest is forgotten, and is then delivered in full again. */
const MAX_PARTIAL = 1000;

type Subscriber = (event: CampaignEvent) => Promise<void>;
/** Whether a subscriber would do anything with the event. */
type Wants = (event: CampaignEvent) => Promise<boolean>;

export interface EmbeddedEvents extends Events {
  /** It gets only the events that it wants. An event that no subscriber wants is not queued. */
  subscribe(subscriber: Subscriber, wants?: Wants): void;
  /**
   * Called by the handler of `{ kind: 'event' }`. Throws an AggregateError if subscribers threw; the
   * next delivery of the event reaches only those.
   */
  deliver(event: CampaignEvent): Promise<void>;
}

/** Events as tasks of `queue`. Publishing throws what the queue throws. */
export function createEmbeddedEvents(queue: Pick<Queue, 'create'>): EmbeddedEvents {
  const wantedBy = new Map<Subscriber, Wants>();
  /** by event id: the subscribers that have the event; Pub/Sub retries each subscription alone, too */
  const partial = new Map<string, Set<Subscriber>>();

  return {
    async publish(event) {
      const wants = await Promise.all([...wantedBy.values()].map((it) => it(event)));
      // before the first subscription, events are queued for later subscribers
      if (wants.length > 0 && !wants.includes(true)) return;
      await queue.create([
        { queue: 'deliver', name: `event-${event.id}`, body: { kind: 'event', event } },
      ]);
    },

    subscribe(subscriber, wants = async () => true) {
      wantedBy.set(subscriber, wants);
    },

    async deliver(event) {
      const reached = partial.get(event.id) ?? new Set();
      const errors: unknown[] = [];
      await Promise.all(
        [...wantedBy]
          .filter(([subscriber]) => !reached.has(subscriber))
          .map(async ([subscriber, wants]) => {
            try {
              if (await wants(event)) await subscriber(event);
              reached.add(subscriber);
            } catch (error) {
              errors.push(error);
            }
          }),
      );
      partial.delete(event.id);
      if (errors.length === 0) return;
      setNewest(partial, event.id, reached, MAX_PARTIAL);
      throw new AggregateError(errors, `event ${event.id}: ${errors.length} subscribers failed`);
    },
  };
}
