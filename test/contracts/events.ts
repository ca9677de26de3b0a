/** What every adapter of the Events port promises, told to a receiver that may fail. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CampaignEvent } from '../../functions/model/event.ts';
import type { Events } from '../../functions/ports/ports.ts';

export interface EventsHarness {
  events: Events;
  /** Begins to deliver; `receive` is one subscriber, and what it throws is a delivery that failed. */
  start(receive: (event: CampaignEvent) => Promise<void>): void;
  /** resolves when the condition holds; rejects after a deadline */
  until(condition: () => boolean): Promise<unknown>;
}

/** Cleans up with `t.after`. */
export type MakeEvents = (t: TestContext) => Promise<EventsHarness>;

const event = (id: string): CampaignEvent => ({
  id,
  type: 'campaign.completed',
  subject: `campaign of ${id}`,
  app: 'default',
  data: { name: 'Zoë "✓"' },
  at: 1_800_000_000_123,
});

/** `skip`: why it cannot be tried here */
export function eventsContract(
  name: string,
  makeEvents: MakeEvents,
  { skip = false }: { skip?: string | false } = {},
) {
  test(`${name}: an event arrives as it was published, also one from before`, {
    skip,
  }, async (t) => {
    const { events, start, until } = await makeEvents(t);
    const got = new Map<string, CampaignEvent>();
    await events.publish(event('early'));
    start(async (it) => {
      got.set(it.id, it);
    });
    await events.publish(event('late'));
    await until(() => got.size === 2);
    assert.deepEqual(got.get('early'), event('early'));
    assert.deepEqual(got.get('late'), event('late'));
  });

  test(`${name}: an event that a subscriber fails on comes again`, { skip }, async (t) => {
    const { events, start, until } = await makeEvents(t);
    let count = 0;
    start(async () => {
      if (++count < 3) throw new Error('not yet');
    });
    await events.publish(event('shaky'));
    await until(() => count >= 3);
  });

  test(`${name}: an event published twice is no error, and arrives`, { skip }, async (t) => {
    const { events, start, until } = await makeEvents(t);
    const got: string[] = [];
    await Promise.all([events.publish(event('same')), events.publish(event('same'))]);
    start(async ({ id }) => {
      got.push(id);
    });
    await until(() => got.length > 0);
    assert.deepEqual([...new Set(got)], ['same']);
  });
}
