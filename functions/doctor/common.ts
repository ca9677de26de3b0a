/** Checks that both engines share: the store, the providers, the clock. */

import { randomUUID } from 'node:crypto';
import { installation } from '../model/installation.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Provider } from '../model/platform.ts';
import type { Push, Sender, Senders, Store } from '../ports.ts';
import { type Check, fault, type Result, unknown, well } from './check.ts';

/** An app by this name is refused nowhere, but who would call theirs so? */
const APP = 'volley-doctor';

/** Writes an installation of nobody's, reads it and takes it away. */
export const storeCheck = (store: Store): Check => ({
  name: 'the database takes and gives',
  async run() {
    const id = randomUUID();
    const registration = {
      ...({ app: APP, platform: 'android', environment: 'production' } as const),
      ...{ token: `doctor-${id}`, tags: [], attributes: {} },
    };
    await store.putInstallations([installation(id, registration, Date.now())]);
    const found = await store.getInstallation(APP, id);
    const gone = await store.deleteInstallation(APP, id);
    return found !== null && gone
      ? well('written, read, deleted')
      : fault('what was written was not there', 'Look at the log of the database.');
  },
});

/**
 * Of an app's credentials: a push to a token that nobody has. Apple can be asked nothing else, so its
 * sandbox is; FCM is asked what it would say (`validate_only`).
 */
export const senderChecks = (senders: Senders, apps: string[]): Check[] =>
  apps.flatMap((app) =>
    (['apns', 'fcm'] as const).flatMap((provider) => {
      const environment = provider === 'apns' ? 'sandbox' : 'production';
      const sender = senders.get(app, provider, environment);
      if (sender === null) return [];
      const check: Check = {
        name: `${provider} takes the credentials of "${app}"`,
        async run(signal) {
          const outcome = await probe(sender, provider, signal);
          // made for production alone
          if (
            outcome.kind === 'blocked' &&
            /BadEnvironmentKey|BadCertificateEnvironment/.test(outcome.reason)
          )
            return judge(
              provider,
              await probe(senders.get(app, provider, 'production')!, provider, signal),
            );
          return judge(provider, outcome);
        },
      };
      return [check];
    }),
  );

async function probe(sender: Sender, provider: Provider, signal: AbortSignal): Promise<Outcome> {
  const push: Push = {
    campaignId: 'doctor',
    message: { title: 'Nobody gets this', ttlSeconds: 0, priority: 'normal' },
    expiresAt: Date.now() + 60_000,
    // of APNs a dry run asks nothing
    dryRun: provider === 'fcm',
    to: 'token',
  };
  const token = provider === 'apns' ? '0'.repeat(64) : 'volley-doctor';
  let outcome: Outcome = { kind: 'unknown', reason: 'no answer' };
  await sender.send({
    ...{ push, seed: randomUUID(), recipients: [{ installationId: 'doctor', token }], open: [0] },
    signal,
    settle(_, it) {
      outcome = it;
    },
  });
  return outcome;
}

const advice: Record<Provider, string> = {
  apns: 'Compare APNS_KEY_ID, APNS_TEAM_ID and APNS_TOPIC with developer.apple.com, and look whether the key was revoked.',
  fcm: 'Is FCM_PROJECT_ID the Firebase project, its Cloud Messaging API on, and may this account send (cloudmessaging.messages.create)?',
};

/** A refusal of that token is the answer to be hoped for. */
function judge(provider: Provider, outcome: Outcome): Result {
  switch (outcome.kind) {
    case 'accepted':
      return well('it takes pushes');
    case 'rejected':
    case 'unregistered':
      return well(`it knows us: to a token of nobody's it says ${outcome.reason}`);
    case 'blocked':
      return fault(`it refuses us: ${outcome.reason}`, advice[provider]);
    case 'retry':
    case 'unknown':
      return unknown(
        `it gives no answer to build on: ${outcome.reason}`,
        'Try again in a minute; if it stays so, look at the network and the status page.',
      );
  }
}

const MAX_SKEW_MS = 30 * 1000;

/**
 * Tokens carry the time, and those from another time are refused. The clock is that of the machine
 * that answers; `url` is anybody's who says in a header `Date` what time it is.
 */
export const clockCheck = (url: string, now: () => number = Date.now): Check => ({
  name: 'the clock is right',
  async run(signal) {
    const asked = now();
    const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    const there = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(there))
      return unknown(`${url} does not say what time it is`, 'Compare the clock by hand.');
    // the header has whole seconds
    const skew = Math.round((asked + now()) / 2 - there - 500);
    const text = `${Math.abs(skew / 1000).toFixed(1)} s ${skew > 0 ? 'ahead' : 'behind'}`;
    return Math.abs(skew) <= MAX_SKEW_MS
      ? well(`at most ${text}`)
      : fault(
          `it is ${text}`,
          'Let the machine set its clock by NTP; tokens are refused meanwhile.',
        );
  },
});
