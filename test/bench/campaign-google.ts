/**
 * Two campaigns to N installations on the Google engine: emulators, function processes, Cloud Tasks. The
 * first builds the pages of the registry, the second reads them.
 */

import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startEmulator } from '../../functions/local/google/emulators.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { createClient } from '../../functions/store/firestore/client.ts';
import { firestoreLayouts } from '../../functions/store/firestore/pages/layout.ts';
import { createSchema } from '../../functions/store/firestore/schema.ts';
import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { takeCosts, total } from '../store/firestore/costs.ts';
import { startProxy } from '../store/firestore/proxy.ts';
import { type CloudWorld, createCloudWorld } from '../world/cloud.ts';
import { type CampaignResult, outcomeOf, progress, request } from './campaign.ts';
import { plainCopy } from './plain.ts';
import { startRelay } from './relay.ts';

/** What a campaign says of its planning. */
interface Planned {
  /** installations read and frozen, from the ack to the last page */
  plannedPerSecond: number;
  /** the same, by the CPU time of the process that plans */
  plannedPerCpuSecond: number;
}

export interface GoogleResult extends CampaignResult, Planned {
  /** of installations into the emulator */
  filledPerSecond: number;
  /** the second campaign, for which the registry has pages */
  again: Planned &
    Pick<CampaignResult, 'firstPushMs' | 'seconds' | 'lost' | 'duplicates' | 'ledgerClosed'> & {
      /** documents of Firestore */
      reads: number;
      writes: number;
      deletes: number;
    };
}

const POLL_MS = 100;
const MINUTE_MS = 60_000;
const APP = 'default';

export async function campaignOnGoogle({
  recipients,
}: {
  recipients: number;
}): Promise<GoogleResult> {
  const [firestore, pubsub] = await Promise.all([
    startEmulator('firestore'),
    startEmulator('pubsub'),
  ]);
  const relay = await startRelay(firestore.host);
  const counted = await startProxy(firestore.host);
  const emulators = { firestore: relay.host, pubsub: pubsub.host };
  const filling = performance.now();
  const plain = await plainCopy();
  const entry = fileURLToPath(plain.url('functions/index.ts'));
  const world = await createCloudWorld({ installations: recipients, emulators, entry, progress });
  const filledPerSecond = Math.round(recipients / ((performance.now() - filling) / 1000));
  const store = createFirestoreStore({ ...world.cloud.storeOptions, emulator: firestore.host });
  try {
    const registry = openRegistry(world, firestore.host, Date.now());
    await registry.layout(recipients);
    const first = await send(world, store, recipients);
    await registry.age();
    await registry.close();
    await world.reset();
    // the proxy that counts takes CPU for each document, so the first campaign goes without it
    relay.switchTo(counted.host);
    const again = await send(world, store, recipients);
    const { reads, writes, deletes } = takeCosts(counted);
    progress(`the second campaign read ${JSON.stringify(reads)}`);
    const peaks = await world.cloud.peakRssMb();
    progress(`the most memory of each function, in MB: ${JSON.stringify(peaks)}`);
    const { firstPushMs, seconds, lost, duplicates, ledgerClosed } = again;
    const { plannedPerSecond, plannedPerCpuSecond } = again;
    return {
      ...first,
      peakRssMb: Math.max(...Object.values(peaks)),
      filledPerSecond,
      again: {
        plannedPerSecond,
        plannedPerCpuSecond,
        firstPushMs,
        seconds,
        reads: total(reads),
        writes: total(writes),
        deletes: total(deletes),
        lost,
        duplicates,
        ledgerClosed,
      },
    };
  } finally {
    await store.close();
    await world.close();
    await plain.remove();
    counted.stop();
    await relay.stop();
    await Promise.all([firestore.stop(), pubsub.stop()]);
  }
}

/** `store` looks at the campaign, and is not counted. */
async function send(
  world: CloudWorld,
  store: Store,
  recipients: number,
): Promise<Omit<CampaignResult, 'peakRssMb'> & Planned> {
  const cpuBefore = await cpuSeconds(world);
  const { id } = await world.client.post<CampaignView>('/v1/campaigns', request);
  const acked = Date.now();
  const [{ at, cpu }, done] = await Promise.all([
    plannedAt(world, store, id),
    watchCampaign(world.client, id, process.stderr),
  ]);
  return {
    ...outcomeOf(done, { acked, recipients, wire: await world.wire() }),
    plannedPerSecond: Math.round(recipients / ((at - acked) / 1000)),
    plannedPerCpuSecond: Math.round(recipients / (cpu - cpuBefore)),
  };
}

async function plannedAt(
  world: CloudWorld,
  store: Store,
  id: string,
): Promise<{ at: number; cpu: number }> {
  for (;;) {
    const campaign = await store.getCampaign(id);
    if (campaign && campaign.shards > 0 && (await store.openShards(id)).length === 0)
      return { at: Date.now(), cpu: await cpuSeconds(world) };
    await wait(POLL_MS);
  }
}

/** Ticks of a process's CPU time in a second, on Linux. */
const TICKS = 100;

/** CPU time of the processes that plan. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function cpuSeconds({ cloud }: CloudWorld): Promise<number> {
  const ticks = await Promise.all(
    cloud.instances.plan.pids().map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      // the second field, in brackets, may have spaces
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      return Number(user) + Number(system);
    }),
  );
  return ticks.reduce((sum, it) => sum + it, 0) / TICKS;
}

/**
 * The registry's pages, past the hours that they take to be of use. `filledAt`: nothing is registered
 * after that (ms).
 */
function openRegistry({ cloud }: CloudWorld, emulator: string, filledAt: number) {
  const client = createClient({ project: cloud.project, emulator });
  const schema = createSchema(client.db);
  return {
    /** Pages are built from now on. */
    async layout(recipients: number) {
      await firestoreLayouts(client, schema).create(APP, recipients);
      const ref = schema.layout(APP);
      if ((await ref.get()).exists) await ref.update({ from: 0 });
    },
    /** As if pages had been built after all that was registered: nothing has changed since. */
    async age() {
      const { docs } = await schema.pages.get();
      // markers are of a minute: the first one after those of what was registered
      const through = Math.ceil(filledAt / MINUTE_MS) * MINUTE_MS;
      await wait(Math.max(0, through - Date.now()));
      await Promise.all(docs.map(({ ref }) => ref.update({ through })));
    },
    close: () => client.close(),
  };
}
