/** Campaigns on a store behind a proxy, one task at a time. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Audience } from '../../../functions/model/campaign.ts';
import type { Task } from '../../../functions/model/tasks.ts';
import { accept } from '../../../functions/pipeline/accept/accept.ts';
import { createTaskHandler } from '../../../functions/pipeline/handler.ts';
import type { Log, Ports } from '../../../functions/ports/ports.ts';
import type { FirestoreStoreOptions } from '../../../functions/store/firestore.ts';
import { chance, NOW } from '../../contracts/store-fixture.ts';
import { createScript } from '../../pipeline/script.ts';
import { openThroughProxy } from './emulated.ts';

/** The pipeline on the store, one task after the other: nothing is read twice by chance. */
export async function oneByOne(
  t: TestContext,
  options: Partial<FirestoreStoreOptions> = {},
  opened?: Awaited<ReturnType<typeof openThroughProxy>>,
) {
  const { store, proxy } = opened ?? (await openThroughProxy(t, options));
  const tasks: Task[] = [];
  const script = createScript(() => NOW);
  const ports: Ports = {
    store,
    queue: {
      create: async (more) => void tasks.push(...more),
      waiting: async (some) => some.map(() => false),
    },
    events: { publish: async () => {} },
    senders: { apps: () => [], get: () => script.sender },
    log: new Proxy({} as Log, { get: () => () => {} }),
    now: () => NOW,
    random: chance(1).random,
  };
  const handle = createTaskHandler(ports, async () => {});
  const { signal } = new AbortController();
  return {
    store,
    proxy,
    ports,
    script,
    async campaign(audience: Audience) {
      const message = { title: 'Hallo', ttlSeconds: 3600, priority: 'high' as const };
      const request = { name: 'Autumn', app: 'default', audience, message, dryRun: false };
      const accepted = await accept(ports, request, null);
      assert.ok('campaign' in accepted);
      return accepted.campaign.id;
    },
    async run() {
      for (let task = tasks.shift(); task; task = tasks.shift())
        await handle({ body: task.body, attempt: 0, last: false, signal });
    },
  };
}
