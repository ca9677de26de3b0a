/** All of Volley in one process: the API on the embedded engine. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { storeCheck, tickCheck } from '../../doctor/common.ts';
import { senderChecks } from '../../doctor/providers.ts';
import { createEmbedded, type Embedded, type EmbeddedOptions } from '../../engines/embedded.ts';
import { createApi } from '../../http/api.ts';
import { clientAddressBehind } from '../../http/auth/address.ts';
import { hashKey } from '../../http/auth/authorize.ts';
import { fullScopes } from '../../model/key.ts';
import type { Log } from '../../ports/ports.ts';
import type { AppCredentials } from '../../providers/registry.ts';
import { createSenders } from '../../providers/senders.ts';
import { areSimulated } from '../../providers/simulated.ts';
import { createDoor } from '../console/door.ts';
import { createSignIn } from '../console/sign-in.ts';
import { type KeptKey, keptKey } from './kept-key.ts';

export interface LocalOptions {
  dataDir: string;
  /** 0: any free port */
  port: number;
  /** null: uses the key in the data folder, made at the first start */
  apiKey: string | null;
  apps: Record<string, AppCredentials>;
  retentionDays?: number;
  trustedHops?: number;
  ca?: string;
  log: Log;
  unkind?: EmbeddedOptions['unkind'];
}

export interface LocalServer {
  url: string;
  apiKey: string;
  /** where the key is stored; null if it was given */
  keptKey: KeptKey | null;
  engine: Embedded;
  /** a URL that opens the console, signed in with the server's key: for ten minutes, once */
  consoleUrl(screen?: string): string;
  /** Stops answering, hands back pushes that are not sent yet, closes the files. */
  stop(): Promise<void>;
}

/** ms for a whole request: an import of many millions. Node's default is five minutes. */
const UPLOAD_MS = 2 * 60 * 60 * 1000;
/**
 * ms that an idle connection stays open. Node's default is 5 s: a connection could close just as an
 * app's back end uses it again. New connections are slow under load: Node accepts one for each turn of
 * the event loop, which takes 10 ms at a thousand pushes a second.
 */
const KEEP_ALIVE_MS = 75 * 1000;

/** Throws `Unavailable` if the data folder is in use or unusable, and what `listen` throws. */
export async function startLocal(options: LocalOptions): Promise<LocalServer> {
  const { dataDir, port, apps, ca, log, unkind, retentionDays, trustedHops = 0 } = options;
  const senders = createSenders(apps, { log, ...(ca !== undefined && { ca }) });
  const engine = createEmbedded({
    dataDir,
    senders,
    log,
    ...(unkind && { unkind }),
    ...(retentionDays !== undefined && { retentionDays }),
  });
  const checks = [
    storeCheck(engine.store),
    tickCheck(
      engine.store,
      'This process runs it every ten seconds: its log says what has failed.',
    ),
    ...senderChecks(senders, apps),
  ];
  const isSimulated = areSimulated(apps);
  const stopping = new AbortController();
  const api = createApi(engine, {
    checks: async () => checks,
    isLocal: true,
    isSimulated,
    stop: stopping.signal,
    clientAddress: clientAddressBehind(trustedHops),
  });
  const ask = getRequestListener(api.fetch);
  try {
    const kept = options.apiKey === null ? keptKey(dataDir) : null;
    const apiKey = options.apiKey ?? kept!.key;
    const door = createDoor({
      signIn: createSignIn(apiKey, { now: engine.now }),
      isKey: async (key) =>
        (await api.request('/v1/me', { headers: { Authorization: `Bearer ${key}` } })).ok,
      isSimulated,
      onError: (error) => log.unexpected({ where: 'the console', error }),
    });
    const server = createServer(
      { requestTimeout: UPLOAD_MS, keepAliveTimeout: KEEP_ALIVE_MS },
      door.before(ask),
    );
    await engine.store.putKey({
      hash: hashKey(apiKey),
      name: 'local',
      scopes: fullScopes,
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    engine.start();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return {
      url,
      apiKey,
      keptKey: kept,
      engine,
      consoleUrl: (screen) => url + door.pathFor(apiKey, screen),
      async stop() {
        stopping.abort();
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeIdleConnections();
        await engine.stop();
        await senders.close();
        server.closeAllConnections();
        await closed;
      },
    };
  } catch (error) {
    await engine.stop();
    await senders.close();
    throw error;
  }
}
