/** The part of the store's contract that is about where lists go on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadCursor } from '../../functions/lib/errors.ts';
import type { Page, Store } from '../../functions/ports/ports.ts';
import type { MakeStore } from './store-fixture.ts';

const lists: Record<string, (store: Store, after: string) => Promise<Page<unknown>>> = {
  campaigns: (store, after) => store.listCampaigns(after, 10),
  'installations of a user': (store, after) =>
    store.installationsOfUser('default', 'ada', after, 10),
  failures: (store, after) => store.listFailures('campaign', after, 10),
  schedules: (store, after) => store.listSchedules(after, 10),
  triggers: (store, after) => store.listTriggers(after, 10),
  'failed pings': (store, after) => store.listFailedPings('orders', after, 10),
  segments: (store, after) => store.listSegments('default', after, 10),
  webhooks: (store, after) => store.listWebhooks(after, 10),
  deliveries: (store, after) => store.listDeliveries('webhook', after, 10),
};

export function cursorContract(name: string, makeStore: MakeStore) {
  test(`${name}: a list goes on after a cursor of its own, and takes no other text`, async (t) => {
    const store = await makeStore(t);
    for (const [what, list] of Object.entries(lists))
      for (const after of ['', '\0', 'a/b', '../..', '1e999.x/', '~', '__x__/', 'Zoë'])
        await assert.rejects(list(store, after), BadCursor, `${what} after ${after}`);
  });
}
