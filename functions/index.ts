/**
 * The six deployed functions. FUNCTION_TARGET names one of them, and only that one is imported.
 *
 * On your machine:
 * `FUNCTION_TARGET=plan npx functions-framework --source=functions/index.ts`
 */

import { http } from '@google-cloud/functions-framework';
import { ConfigError } from './config/common.ts';
import { type GoogleConfig, readGoogleConfig, readTarget } from './config/google.ts';
import { createFront, type Entry } from './entry/front.ts';
import { growHeap } from './entry/heap.ts';
import { serveFromFirstRequest } from './entry/own-server.ts';
import { createLog } from './log.ts';
import { providers } from './model/provider/registry.ts';
import { workerOf } from './model/queues.ts';
import type { Log } from './ports/ports.ts';

type Start = (config: GoogleConfig, log: Log) => Promise<Entry>;

const functions: Record<string, () => Promise<{ start: Start }>> = {
  api: () => import('./entry/api.ts'),
  plan: () => import('./entry/plan.ts'),
  ...Object.fromEntries(
    providers.map((it) => [
      workerOf(it),
      async () => ({ start: (await import('./entry/send.ts')).startSending(it) }),
    ]),
  ),
  deliver: () => import('./entry/deliver.ts'),
  tick: () => import('./entry/tick.ts'),
};

async function start(target: string, log: Log) {
  const load = Object.hasOwn(functions, target) ? functions[target] : undefined;
  if (!load)
    throw new ConfigError([
      { path: 'FUNCTION_TARGET', message: `must be one of ${Object.keys(functions).join(', ')}` },
    ]);
  const config = readGoogleConfig(process.env);
  const { start } = await load();
  const front = createFront(await start(config, log), log);
  http(target, () => {
    throw new Error('a request came to the framework before us');
  });
  serveFromFirstRequest({
    listener: front.listener,
    onRejection: (error) => log.unexpected({ where: 'an unhandled rejection', error }),
    async end(why, error) {
      if (why === 'exception') log.unexpected({ where: 'an uncaught exception', error });
      await front.drain();
    },
  });
}

growHeap();
const log = createLog();
const { target, isOnCloudRun } = readTarget(process.env);
try {
  await start(target, log);
} catch (error) {
  // the framework would say that there may be a syntax error
  if (!(error instanceof ConfigError)) log.unexpected({ where: 'the start', error });
  else if (!isOnCloudRun) console.error(error.message);
  // one entry of Cloud Logging; as plain text each line would be one
  else console.error(JSON.stringify({ severity: 'CRITICAL', message: error.message }));
  process.exit(1);
}
