/** Checks that the providers accept each app's credentials, with a push to a made-up token. */

import { randomUUID } from 'node:crypto';
import type { Outcome } from '../model/outcome.ts';
import type { Environment } from '../model/platform.ts';
import { descriptionOf, type Provider } from '../model/provider/registry.ts';
import type { Push, Sender, Senders } from '../ports/ports.ts';
import type { ProviderAdapter } from '../providers/adapter.ts';
import { adapters } from '../providers/registry.ts';
import type { Check } from './check.ts';

/** A check for each provider that an app has credentials for. */
export const senderChecks = (
  senders: Senders,
  apps: string[],
  now: () => number = Date.now,
): Check[] =>
  apps.flatMap((app) =>
    adapters
      .filter(({ name }) => senders.get(app, name, 'production') !== null)
      .map((adapter) => ({
        name: `${adapter.name} takes the credentials of "${app}"`,
        run: (signal) => credentialsVerdict({ senders, app, adapter, now, signal }),
      })),
  );

interface Question {
  senders: Senders;
  app: string;
  adapter: ProviderAdapter<unknown, never>;
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
