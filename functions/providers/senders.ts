/** The senders of a deployment: one for each app, provider and environment, each made on first use. */

import type { ClientCertificate } from '../http2/client/socket.ts';
import { createPool, type Pool } from '../http2/pool/pool.ts';
import { createdOnce } from '../lib/created-once.ts';
import type { Environment } from '../model/platform.ts';
import { descriptionOf, type Provider, providers } from '../model/provider/registry.ts';
import type { Log, Sender, Senders } from '../ports/ports.ts';
import { type AppCredentials, adapters } from './registry.ts';

type Factory = (credentials: never, environment: Environment) => Sender;

/** `ca` is a PEM that is trusted in place of the usual authorities. `close` ends all connections. */
export function createSenders(
  apps: Record<string, AppCredentials>,
  { ca, log }: { ca?: string; log?: Pick<Log, 'apnsKeyRefused'> } = {},
): Senders & { close(): Promise<void> } {
  const senders = new Map<string, Sender>();
  const pools = new Map<string, Pool>();

  const poolOf = (key: string, origin: string, maxConnections: number, own?: ClientCertificate) =>
    createdOnce(pools, `${key} ${origin}`, () =>
      createPool({
        origin,
        maxConnections,
        ...(ca !== undefined && { ca }),
        ...(own && { certificate: own }),
      }),
    );
  const factories = new Map<Provider, Factory>(
    adapters.map((it) => [it.name, it.createFactory({ poolOf, log })]),
  );

  function make(app: string, provider: Provider, environment: Environment): Sender | null {
    const credentials = Object.hasOwn(apps, app) ? apps[app]?.[provider] : null;
    const factory = factories.get(provider);
    return credentials && factory ? factory(credentials as never, environment) : null;
  }

  return {
    apps: () =>
      Object.entries(apps)
        .map(([name, of]) => ({ name, providers: providers.filter((it) => of[it]) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),

    get(app, provider, asked) {
      const { environments } = descriptionOf(provider);
      const environment = environments.includes(asked) ? asked : environments[0]!;
      const key = `${provider} ${environment} ${app}`;
      const sender = senders.get(key) ?? make(app, provider, environment);
      if (sender !== null) senders.set(key, sender);
      return sender;
    },
    async close() {
      await Promise.all(Array.from(pools.values(), (pool) => pool.close()));
    },
  };
}
