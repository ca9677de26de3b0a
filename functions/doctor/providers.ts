/** Checks that the providers accept each app's credentials, with a push to a made-up token. */

import { randomUUID } from 'node:crypto';
import type { Outcome } from '../model/outcome.ts';
import type { Environment } from '../model/platform.ts';
import { descriptionOf, type Provider } from '../model/provider/registry.ts';
import type { Push, Sender, Senders } from '../ports/ports.ts';
import type { ProviderAdapter } from '../providers/adapter.ts';
import { type AppCredentials, adapters } from '../providers/registry.ts';
import type { Check } from './check.ts';

/** A check for each provider that an app has credentials for. */
export const senderChecks = (
  senders: Senders,
  apps: Record<string, Partial<AppCredentials>>,
  now: () => number = Date.now,
): Check[] =>
  Object.entries(apps).flatMap(([app, credentials]) =>
    adapters
      .filter(({ name }) => senders.get(app, name, 'production') !== null)
      .map((adapter) => ({
        name: `${adapter.name} takes the credentials of "${app}"`,
        async run(signal) {
          const verdict = await credentialsVerdict({ senders, app, adapter, now, signal });
          const detail = simulatedText(adapter, credentials) + verdict.detail;
          return { ...verdict, detail };
        },
      })),
  );

/** A server on this machine is a simulator. It answers as the provider would, so it must be named. */
function simulatedText({ name, originOf }: Adapter, credentials: Partial<AppCredentials>): string {
  const own = credentials[name];
  const origin = own && originOf(own as never);
  if (!origin || !ON_THIS_MACHINE.test(new URL(origin).hostname)) return '';
  return `SIMULATED at ${origin}, so no device gets anything: `;
}

const ON_THIS_MACHINE = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

type Adapter = ProviderAdapter<unknown, never>;

interface Question {
  senders: Senders;
  app: string;
  adapter: Adapter;
  now: () => number;
  signal: AbortSignal;
}

async function credentialsVerdict({ senders, app, adapter, now, signal }: Question) {
  const { name, verdict, otherAlone } = adapter;
  const ask = async (environment: Environment) => {
    const sender = senders.get(app, name, environment);
    if (sender === null) throw new Error('the sender was removed');
    return probe(sender, name, now(), signal);
  };
  const { otherEnvironment } = descriptionOf(name).probe;
  const outcome = await ask('production');
  const isOther = outcome.kind === 'blocked' && otherEnvironment?.test(outcome.reason);
  if (!isOther || !otherAlone) return verdict(outcome);
  const other = verdict(await ask('sandbox'));
  return other.state === 'well' ? otherAlone() : verdict(outcome);
}

/** Sends a dry run if the provider has one, otherwise a push to a token that no device has. */
async function probe(
  sender: Sender,
  provider: Provider,
  now: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const {
    canDryRun,
    probe: { token },
  } = descriptionOf(provider);
  const push: Push = {
    campaignId: 'doctor',
    message: { title: 'This reaches no device', ttlSeconds: 0, priority: 'normal' },
    expiresAt: now + 60_000,
    dryRun: canDryRun,
    to: 'token',
  };
  let outcome: Outcome = { kind: 'unknown', reason: 'no answer' };
  await sender.send({
    push,
    seed: randomUUID(),
    recipients: [{ installationId: 'doctor', token }],
    open: [0],
    signal,
    settle(_, it) {
      outcome = it;
    },
  });
  return outcome;
}
