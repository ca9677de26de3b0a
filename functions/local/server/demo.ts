/**
 * npm run demo shows Volley's main job on one machine. It imports 20,000 installations, sends a campaign
 * to one language with simulated providers, and prints the report. It exits with 0 if the ledger is
 * closed and the providers' counts are the same.
 */

import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../cli/client/client.ts';
import { watchCampaign } from '../../cli/watch.ts';
import type { CampaignView } from '../../http/campaigns/view.ts';
import type { Imported } from '../../http/installations/import.ts';
import { createLog } from '../../log.ts';
import { report, reportText } from '../../pipeline/report.ts';
import { startSimulated } from '../simulated.ts';
import { startLocal } from './server.ts';

const example = (name: string) => new URL(`../../../examples/${name}`, import.meta.url).pathname;

/** Faults of a usual day: some removed apps, replaced connections, a few 503 answers. */
const unkind = {
  latencyMs: 60,
  deadShare: 0.02,
  goawayEvery: 2_000,
  unavailable: { next: 25, retryAfterSeconds: 1 },
};

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Resolves at Ctrl-C. */
const interrupted = () => new Promise((resolve) => process.once('SIGINT', resolve));

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
  // only errors are shown, so that the progress bar stays readable
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
  // without a terminal there is no one to look
  if (process.stdout.isTTY) {
    say(`\nSee it: ${server.consoleUrl(`campaigns/${id}`)}\nCtrl-C ends the demo.`);
    await interrupted();
  }
} finally {
  await server.stop();
  await simulated.close();
  await rm(folder, { recursive: true, force: true });
}
