/**
 * npm run demo: the main job, on one machine. Imports 20,000 installations, sends a campaign to
 * one language on simulated providers, and prints the report. Exits 0 when the ledger closes and
 * the providers counted the same.
 */

import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../cli/client.ts';
import { watchCampaign } from '../../cli/watch.ts';
import type { CampaignView } from '../../http/campaigns/view.ts';
import type { Imported } from '../../http/installations/import.ts';
import { createLog } from '../../log.ts';
import { report, reportText } from '../../pipeline/report.ts';
import { startSimulated } from '../simulated.ts';
import { startLocal } from './server.ts';

const example = (name: string) => new URL(`../../../examples/${name}`, import.meta.url).pathname;

/** As unkind as a usual day: a few dead devices, connections that are replaced, a moment's refusal. */
const unkind = {
  latencyMs: 60,
  deadShare: 0.02,
  goawayEvery: 2_000,
  unavailable: { next: 25, retryAfterSeconds: 1 },
};

const say = (text: string) => process.stdout.write(`${text}\n`);

const folder = await mkdtemp(join(tmpdir(), 'volley-demo-'));
const simulated = await startSimulated({
  apns: unkind,
  fcm: { ...unkind, tooMany: { share: 0.005, retryAfterSeconds: 1 } },
});
const server = await startLocal({
  dataDir: folder,
  port: 0,
  apiKey: null,
  apps: simulated.apps,
  ca: simulated.ca,
  // the screen belongs to the bar
  log: createLog((line) => /"severity":"ERROR"/.test(line) && process.stderr.write(line)),
});
try {
  say('Volley demo: APNs and FCM are simulated, no device gets anything.\n');
  const client = createClient(server.url, server.apiKey);
  const file = createReadStream(example('installations.csv'));
  const imported = await client.upload<Imported>('/v1/installations:import', 'text/csv', file);
  say(`Imported ${imported.stored.toLocaleString('en-US')} installations.`);

  const request = JSON.parse(await readFile(example('campaign.json'), 'utf8'));
  const { id } = await client.post<CampaignView>('/v1/campaigns', request);
  say(`Campaign ${id} accepted.\n`);
  await watchCampaign(client, id, process.stderr, { pollMs: 100 });

  const done = await report(server.engine, id);
  if (!done) throw new Error('the campaign is gone');
  say(`\n${reportText(done)}`);
  const [apns, fcm] = await Promise.all([simulated.apns.stats(), simulated.fcm.stats()]);
  const onTheWire = apns.distinct + fcm.distinct;
  const agrees = onTheWire === done.counts.accepted;
  const twice = apns.duplicates + fcm.duplicates;
  say(
    `The providers counted ${onTheWire.toLocaleString('en-US')} devices, ${twice} twice: ` +
      `${agrees ? 'the same' : 'NOT THE SAME'}.`,
  );
  if (!done.ledgerClosed || !agrees) process.exitCode = 1;
} finally {
  await server.stop();
  await simulated.close();
  await rm(folder, { recursive: true, force: true });
}
