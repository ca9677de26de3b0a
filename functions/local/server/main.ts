/** npm start runs the local server until Ctrl-C. */

import { readConfig } from '../../config/embedded.ts';
import { createLog, createTerminalLog } from '../../log.ts';
import { closedIn } from '../../model/campaign-events.ts';
import { report, reportText } from '../../pipeline/report.ts';
import { simulatedText, simulations, startSimulated } from '../simulated.ts';
import { startFailure } from '../start-failure.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { keyLine } from './kept-key.ts';
import { startLocal } from './server.ts';

async function main() {
  const { port, dataDir, apiKey, retentionDays, trustedHops, simulate, apps, unknown } = readConfig(
    process.env,
  );
  const real = Object.keys(apps).length > 0;
  const simulated = real ? null : await startSimulated(simulations[simulate]);
  const log = process.stderr.isTTY ? createTerminalLog() : createLog();
  const server = await startLocal({
    dataDir,
    port,
    apiKey,
    retentionDays,
    trustedHops,
    apps: simulated?.apps ?? apps,
    ...(simulated && { ca: simulated.ca }),
    log,
  }).catch(async (error) => {
    await simulated?.close();
    throw error;
  });
  // before the first output: a program that waits for it may send a signal immediately
  stopOnSignal(async () => {
    await server.stop();
    await simulated?.close();
  });
  server.engine.events.subscribe(
    async (event) => {
      const done = await report(server.engine, event.subject);
      if (done) console.log(`\n${reportText(done)}`);
    },
    async (event) => closedIn(event) !== null && process.stdout.isTTY,
  );

  console.log(`Volley     ${server.url}`);
  console.log(`Console    ${server.consoleUrl()} (opens once, within ten minutes)`);
  console.log(`API key    ${keyLine(server.keptKey, process.stdout.isTTY)}`);
  console.log(`Data       ${dataDir}`);
  for (const name of unknown)
    console.log(`Warning    ${name} is no setting; docs/operations.md lists the settings.`);
  console.log(`Pushes     ${real ? sentFor(apps) : simulatedText(simulate)}`);
  if (!real)
    console.log(
      '           Set APNS_KEY… or FCM_PROJECT_ID to send for real: see docs/operations.md.',
    );
}

const sentFor = (apps: Record<string, { apns: unknown; fcm: unknown }>) =>
  Object.entries(apps)
    .map(
      ([name, { apns, fcm }]) =>
        `${name} (${[apns && 'APNs', fcm && 'FCM'].filter(Boolean).join(', ')})`,
    )
    .join(', ');

try {
  await main();
} catch (error) {
  console.error(startFailure(error));
  process.exitCode = 1;
}
