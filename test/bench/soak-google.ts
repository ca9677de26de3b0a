/**
 * The same of the Google engine: campaign after campaign while Firestore answers queries with reports of
 * progress and cuts its streams in the middle, and both providers have their faults.
 */

import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { emulatorsMissing, startEmulator } from '../../functions/local/google/emulators.ts';
import { startProxy } from '../store/firestore/proxy.ts';
import { createCloudWorld } from '../world/cloud.ts';
import { progress, request } from './campaign.ts';
import { createFaults } from './soak-faults.ts';

export interface GoogleSoak {
  campaigns: number;
  recipients: number;
  lost: number;
  ledgerClosed: boolean;
}

const INSTALLATIONS = 2_000;
const TICK_MS = 1_000;
/** The share of queries that are answered in part, then cut. */
const CUT = 1 / 30;
const UNAVAILABLE = 14;

/** Null where the emulators are not installed. No campaign begins after so long, but one does. */
export async function soakGoogle(random: () => number, forMs: number): Promise<GoogleSoak | null> {
  const missing = emulatorsMissing();
  if (missing !== null) {
    progress(`The Google engine is left out. ${missing}`);
    return null;
  }
  const emulator = await startEmulator('firestore');
  const pubsub = await startEmulator('pubsub');
  const proxy = await startProxy(emulator.host);
  const emulators = { firestore: proxy.host, pubsub: pubsub.host };
  const world = await createCloudWorld({ installations: INSTALLATIONS, emulators, progress });
  const sum: GoogleSoak = { campaigns: 0, recipients: 0, lost: 0, ledgerClosed: true };
  const faults = createFaults(random);
  const ticker = setInterval(() => {
    proxy.calls.length = 0;
    void world.set(faults.next().settings).catch(() => {});
  }, TICK_MS);
  proxy.fault = ({ method }) =>
    method === 'RunQuery' && random() < CUT
      ? { code: UNAVAILABLE, when: random() < 0.5 ? 'halfway' : 'midway' }
      : null;
  try {
    const end = Date.now() + forMs;
    do {
      await world.reset();
      const { id } = await world.client.post<CampaignView>('/v1/campaigns', request);
      const { state, counts } = await watchCampaign(world.client, id, null);
      const { distinct } = await world.wire();
      const { recipients, accepted, failed } = counts;
      // what failed may have arrived: its answers were lost
      const lost = Math.max(0, accepted - distinct);
      const closed =
        state === 'completed' && recipients === INSTALLATIONS && accepted + failed === recipients;
      sum.campaigns += 1;
      sum.recipients += recipients;
      sum.lost += lost;
      sum.ledgerClosed &&= closed;
      progress(
        `google campaign ${sum.campaigns}: ${state}, accepted ${accepted}, failed ${failed}`,
      );
      if (!closed || lost > 0) progress(JSON.stringify({ id, state, counts, distinct }));
    } while (Date.now() < end);
    return sum;
  } finally {
    clearInterval(ticker);
    proxy.fault = () => null;
    await world.close();
    proxy.stop();
    await Promise.all([emulator.stop(), pubsub.stop()]);
  }
}
