/** The whole of Volley in one process: the API over the embedded engine. */

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
import { type KeptKey, keptKey } from './kept-key.ts';

export interface LocalOptions {
  dataDir: string;
  /** 0: any that is free */
  port: number;
  /** null: the one made at the first start, kept in the data folder */
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
  /** where that is kept; null: it was given */
  keptKey: KeptKey | null;
  engine: Embedded;
  /** Answers no more, hands back what is being sent, closes the files. */
  stop(): Promise<void>;
}

/** An import of many millions; Node would cut it after five minutes. */
const UPLOAD_MS = 2 * 60 * 60 * 1000;
/**
 * An app's back end that pushes now and then keeps its connections: Node would close them after 5 s,
 * perhaps just as they are used again, and takes new ones one at a turn of its event loop, which under
 * a thousand pushes a second is one in 10 ms.
 */
const KEEP_ALIVE_MS = 75 * 1000;

/** Throws `Unavailable` when the data folder is in use or cannot be used, and what `listen` throws. */
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
    ...senderChecks(senders, Object.keys(apps)),
  ];
  const stopping = new AbortController();
  const api = createApi(engine, {
    checks,
    isLocal: true,
    stop: stopping.signal,
    clientAddress: clientAddressBehind(trustedHops),
  });
  const server = createServer(
    { requestTimeout: UPLOAD_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    getRequestListener(api.fetch),
  );
  try {
    const kept = options.apiKey === null ? keptKey(dataDir) : null;
    const apiKey = options.apiKey ?? kept!.key;
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
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      apiKey,
      keptKey: kept,
      engine,
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
