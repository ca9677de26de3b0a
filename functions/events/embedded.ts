/**
 * Events on one machine: an event is a task of the queue `deliver`, so it survives a restart and is
 * tried again with the queue's backoff.
 */

import { setNewest } from '../lib/bounded-map.ts';
import type { CampaignEvent } from '../model/event.ts';
import type { Events, Queue } from '../ports/ports.ts';

/** Events that were delivered in part; the oldest is forgotten, and then delivered in full again. */
const MAX_PARTIAL = 1000;

export type Subscriber = (event: CampaignEvent) => Promise<void>;
/** Whether a subscriber would do anything with it. */
export type Wants = (event: CampaignEvent) => Promise<boolean>;

export interface EmbeddedEvents extends Events {
  /** What nobody wants is not even queued. */
  subscribe(subscriber: Subscriber, wants?: Wants): void;
  /**
   * What the handler of `{ kind: 'event' }` calls. Throws an AggregateError when subscribers threw;
   * delivered again, it reaches only those.
   */
  deliver(event: CampaignEvent): Promise<void>;
}

export function createEmbeddedEvents(queue: Pick<Queue, 'create'>): EmbeddedEvents {
  const subscribers: Subscriber[] = [];
  const wanted: Wants[] = [];
  /** by event id: who has it already, as each subscription of Pub/Sub is tried on its own */
  const partial = new Map<string, Set<Subscriber>>();

  return {
    async publish(event) {
      const wants = await Promise.all(wanted.map((it) => it(event)));
      // an event from before anybody subscribed waits for who will
      if (wants.length > 0 && !wants.includes(true)) return;
      await queue.create([
        { queue: 'deliver', name: `event-${event.id}`, body: { kind: 'event', event } },
      ]);
    },

    subscribe(subscriber, wants = async () => true) {
      subscribers.push(subscriber);
      wanted.push(wants);
    },

    async deliver(event) {
      const reached = partial.get(event.id) ?? new Set();
      const errors: unknown[] = [];
      await Promise.all(
        subscribers
          .filter((subscriber) => !reached.has(subscriber))
          .map(async (subscriber) => {
            try {
              await subscriber(event);
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
