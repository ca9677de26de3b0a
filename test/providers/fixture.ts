import type { TestContext } from 'node:test';
import { createPool } from '../../functions/http2/pool/pool.ts';
import type { Message } from '../../functions/model/campaign.ts';
import type { Outcome } from '../../functions/model/outcome.ts';
import type { Provider } from '../../functions/model/provider/registry.ts';
import type { Batch, Push, Sender } from '../../functions/ports/ports.ts';
import { createApnsAccess } from '../../functions/providers/apns/access.ts';
import type { ApnsKeys } from '../../functions/providers/apns/credentials.ts';
import { createApnsSender } from '../../functions/providers/apns/sender.ts';
import { createApnsToken } from '../../functions/providers/apns/token.ts';
import { createFcmSender } from '../../functions/providers/fcm/sender.ts';
import { createFcmToken } from '../../functions/providers/fcm/token.ts';
import type { AppCredentials } from '../../functions/providers/registry.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import {
  makeApnsKey,
  type Simulator,
  type SimulatorSettings,
  startSimulator,
} from '../../functions/simulators/simulator.ts';

export const apnsKey = makeApnsKey();
export const TOPIC = 'com.example.app';

export const apnsCredentials = (origin: string): ApnsKeys => ({
  key: apnsKey.privateKey,
  keyId: 'KEY1234567',
  teamId: 'TEAM123456',
  topic: TOPIC,
  origins: { production: origin, sandbox: origin },
});

export const credentials = (apns: string, fcm: string): AppCredentials => ({
  apns: apnsCredentials(apns),
  fcm: { projectId: 'example', origin: fcm, auth: { kind: 'placeholder' } },
});

/** A simulator and a sender for it; both end with the test. */
export async function start(
  t: TestContext,
  provider: Provider,
  settings: Partial<SimulatorSettings> = {},
): Promise<{ simulator: Simulator; sender: Sender }> {
  const simulator = await startSimulator(
    provider === 'apns'
      ? {
          provider,
          publicKey: apnsKey.publicKey,
          keyId: 'KEY1234567',
          teamId: 'TEAM123456',
          topics: [TOPIC],
          settings,
        }
      : { provider, projectId: 'example', settings },
  );
  t.after(() => simulator.close());
  const senders = createSenders(
    { default: credentials(simulator.origin, simulator.origin) },
    { ca: simulator.ca },
  );
  t.after(() => senders.close());
  return { simulator, sender: senders.get('default', provider, 'production')! };
}

export const push = (message: Partial<Message> = {}): Push => ({
  campaignId: 'campaign-1',
  message: { title: 'Hello', body: 'World', ttlSeconds: 3600, priority: 'high', ...message },
  expiresAt: Math.floor(Date.now() / 1000) * 1000 + 3_600_000,
  dryRun: false,
  to: 'token',
});

export function batch(provider: Provider, n: number, more: Partial<Batch> = {}) {
  const outcomes = new Map<number, Outcome[]>();
  const recipients = Array.from({ length: n }, (_, i) => ({
    installationId: `${i}`,
    token: sampleToken(provider, i),
  }));
  const it: Batch = {
    push: push(),
    seed: 'campaign-1.0.0.0',
    recipients,
    open: recipients.map((_, i) => i),
    signal: new AbortController().signal,
    settle(index, outcome) {
      outcomes.set(index, [...(outcomes.get(index) ?? []), outcome]);
    },
    ...more,
  };
  return { it, outcomes };
}

/** The number of recipients with each outcome; throws if one had two. */
export function kinds(outcomes: Map<number, Outcome[]>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [index, all] of outcomes) {
    if (all.length !== 1) throw new Error(`recipient ${index} was settled ${all.length} times`);
    counts[all[0]!.kind] = (counts[all[0]!.kind] ?? 0) + 1;
  }
  return counts;
}

/** A sender on a pool that detects dead connections sooner than in production. */
export function watchfulSender(t: TestContext, provider: Provider, { origin, ca }: Simulator) {
  const pool = createPool({ origin, ca, maxConnections: 4, silenceMs: 100, pingMs: 100 });
  t.after(() => pool.close());
  const token = createApnsToken(apnsCredentials(origin));
  return provider === 'apns'
    ? createApnsSender({ access: createApnsAccess({ pool, token }), topic: TOPIC })
    : createFcmSender({
        pool,
        token: createFcmToken({ kind: 'placeholder' }),
        projectId: 'example',
      });
}
