/** Campaigns on a store behind a proxy, one task at a time. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Audience, CampaignRequest } from '../../../functions/model/campaign.ts';
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
  const clock = { now: NOW };
  const script = createScript(() => clock.now);
  const ports: Ports = {
    store,
    queue: {
      create: async (more) => void tasks.push(...more),
      waiting: async (some) => some.map(() => false),
    },
    events: { publish: async () => {} },
    senders: { apps: () => [], get: () => script.sender },
    log: new Proxy({} as Log, { get: () => () => {} }),
    now: () => clock.now,
    random: chance(1).random,
  };
  const handle = createTaskHandler(ports, async () => {});
  const { signal } = new AbortController();
  /** The next that is due; if none is, time passes. */
  const next = (): Task | undefined => {
    const first = Math.min(...tasks.map(({ at = 0 }) => at));
    if (tasks.length > 0) clock.now = Math.max(clock.now, first);
    const due = tasks.findIndex(({ at = 0 }) => at <= clock.now);
    return due === -1 ? undefined : tasks.splice(due, 1)[0];
  };
  return {
    store,
    proxy,
    ports,
    script,
    clock,
    async campaign(audience: Audience, rest: Partial<CampaignRequest> = {}) {
      const message = { title: 'Hallo', ttlSeconds: 3600, priority: 'high' as const };
      const request = { name: 'Autumn', app: 'default', audience, message, dryRun: false, ...rest };
      const accepted = await accept(ports, request, null);
      assert.ok('campaign' in accepted);
      return accepted.campaign.id;
    },
    async run() {
      for (let task = next(); task; task = next())
        await handle({ body: task.body, attempt: 0, last: false, signal });
    },
  };
}
