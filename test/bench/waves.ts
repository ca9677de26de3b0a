/**
 * A campaign in local time to N installations in 24 zones: whether its waves come in order and at their times,
 * by what the simulated providers counted; what planning takes beside a campaign without waves; and what caps
 * cost a million on Firestore.
 */

import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { startEmulator } from '../../functions/local/google/emulators.ts';
import type { Cap } from '../../functions/model/app-policy.ts';
import { CHUNK_SIZE } from '../../functions/model/sizes.ts';
import { forkOn } from '../../functions/simulators/fork.ts';
import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { atNow, NOW } from '../contracts/store-fixture.ts';
import { aMillion, sendTo } from '../store/firestore/cap-costs.ts';
import { takeCosts } from '../store/firestore/costs.ts';
import { namesInShard } from '../store/firestore/million.ts';
import { startProxy } from '../store/firestore/proxy.ts';
import { flagsOf } from '../world/world.ts';
import { progress } from './campaign.ts';
import type { Said, WavesMeasured } from './waves-child.ts';

export interface WavesResult extends WavesMeasured {
  /** documents of caps for a campaign to a million, by one shard of it; null: the emulator is not there */
  capReads: number | null;
  capWrites: number | null;
}

export async function waves({ recipients }: { recipients: number }): Promise<WavesResult> {
  const child = forkOn(
    availableParallelism() > 1 ? 0 : undefined,
    new URL('./waves-child.ts', import.meta.url),
    flagsOf('start'),
  );
  child.send({ recipients });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the measuring process ended early (${code})`);
  });
  // it ends after it was measured, too
  ended.catch(() => {});
  const heard = new Promise<WavesMeasured>((resolve) => {
    child.on('message', (said: Said) => {
      if ('progress' in said) progress(said.progress);
      else resolve(said.measured);
    });
  });
  const measured = await Promise.race([heard, ended]);
  child.disconnect();
  return { ...measured, ...(await capsOnGoogle()) };
}

const HOUR = 60 * 60 * 1000;
const CAPS: Cap[] = [
  { max: 2, per: '24h' },
  { max: 5, per: '7d' },
];

/** The dearest of some campaigns, within the caps and over them. */
async function capsOnGoogle(): Promise<Pick<WavesResult, 'capReads' | 'capWrites'>> {
  const emulator = await startEmulator('firestore').catch((error: Error) => error);
  if (emulator instanceof Error) {
    progress(`without the Google engine: ${emulator.message}`);
    return { capReads: null, capWrites: null };
  }
  const proxy = await startProxy(emulator.host);
  const store = createFirestoreStore({ project: 'volley-waves', emulator: proxy.host, now: atNow });
  try {
    progress('caps of a shard of a million recipients on the Google engine');
    const ids = namesInShard();
    const most = { capReads: 0, capWrites: 0 };
    for (const hours of [0, 12, 23, 48]) {
      takeCosts(proxy);
      await sendTo(store, ids, { size: CHUNK_SIZE, caps: CAPS, now: NOW + hours * HOUR });
      const { reads, writes } = aMillion(takeCosts(proxy));
      most.capReads = Math.max(most.capReads, reads);
      most.capWrites = Math.max(most.capWrites, writes);
    }
    return most;
  } finally {
    await store.close();
    await proxy.stop();
    await emulator.stop();
  }
}
