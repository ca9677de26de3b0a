/** npm run start:google runs the Google engine on this machine until Ctrl-C. */

import { readConfig } from '../../config/embedded.ts';
import { hashKey, makeKey } from '../../http/auth/authorize.ts';
import { fullScopes } from '../../model/key.ts';
import { createFirestoreStore } from '../../store/firestore.ts';
import { createDoor } from '../console/door.ts';
import { createSignIn } from '../console/sign-in.ts';
import { simulatedText, simulations, startSimulated } from '../simulated.ts';
import { startFailure } from '../start-failure.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { startCloud } from './cloud.ts';

async function main() {
  const { port, apiKey: given, simulate, apps } = readConfig(process.env);
  const real = Object.keys(apps).length > 0;
  console.log('Starting the emulators, Cloud Tasks and six functions…');
  const simulated = real ? null : await startSimulated(simulations[simulate]);
  const apiKey = given ?? makeKey();
  const door = createDoor({
    signIn: createSignIn(apiKey, { now: Date.now }),
    isKey: async (key) => {
      const headers = { Authorization: `Bearer ${key}` };
      return (await fetch(`${cloud.url}/v1/me`, { headers })).ok;
    },
    isSimulated: !real,
    onError: (error) => console.error(error),
  });
  const cloud = await startCloud({
    apps: simulated?.apps ?? apps,
    ...(simulated && { ca: simulated.ca }),
    port,
    beforeApi: door.before,
    // the log is one JSON object a line, as for Cloud Logging
    output: (_, text) => process.stderr.write(text),
  }).catch(async (error) => {
    await simulated?.close();
    throw error;
  });
  const store = createFirestoreStore(cloud.storeOptions);
  await store.putKey({
    hash: hashKey(apiKey),
    name: 'local',
    scopes: fullScopes,
  });
  await store.close();

  console.log(`\nVolley     ${cloud.url}`);
  console.log(`Console    ${cloud.url}${door.pathFor(apiKey)} (opens once, within ten minutes)`);
  // the key is not stored in a file, and works until this process ends
  const key = process.stdout.isTTY ? apiKey : 'shown on a terminal only: set VOLLEY_API_KEY';
  console.log(`API key    ${given ? 'VOLLEY_API_KEY' : key}`);
  console.log(
    `Firestore  ${cloud.emulators.firestore}, project ${cloud.project}; gone with Ctrl-C`,
  );
  console.log(`Pushes     ${real ? 'for real' : simulatedText(simulate)}`);
  stopOnSignal(async () => {
    await cloud.stop();
    await simulated?.close();
  });
}

try {
  await main();
} catch (error) {
  console.error(startFailure(error));
  process.exitCode = 1;
}
