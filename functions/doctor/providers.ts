/** Whether the providers take each app's credentials, as far as a push to a made-up token shows. */

import { randomUUID } from 'node:crypto';
import type { Outcome } from '../model/outcome.ts';
import type { Environment, Provider } from '../model/platform.ts';
import type { Push, Sender, Senders } from '../ports.ts';
import { apnsReasons } from '../providers/apns/reasons.ts';
import { type Check, fault, type Result, unknown, well } from './check.ts';

/**
 * FCM is asked what it would say (`validate_only`). Apple can be asked nothing without a push: it gets
 * one to a token that no device has.
 */
export const senderChecks = (
  senders: Senders,
  apps: string[],
  now: () => number = Date.now,
): Check[] =>
  apps.flatMap((app) =>
    (['apns', 'fcm'] as const).flatMap((provider) => {
      const ask = async (environment: Environment, signal: AbortSignal) => {
        const sender = senders.get(app, provider, environment);
        return sender && (await probe(sender, provider, now(), signal));
      };
      if (senders.get(app, provider, 'production') === null) return [];
      const check: Check = {
        name: `${provider} takes the credentials of "${app}"`,
        async run(signal) {
          const outcome = await ask('production', signal);
          if (outcome === null) throw new Error('its sender has gone');
          if (provider === 'fcm') return judgeFcm(outcome);
          if (!isOfOtherEnvironment(outcome)) return judgeApns(outcome);
          const sandbox = await ask('sandbox', signal);
          if (sandbox === null || judgeApns(sandbox).state !== 'well') return judgeApns(outcome);
          return unknown(
            'its key is for the sandbox alone: apps from TestFlight and the App Store get nothing',
            'Unless that is meant, make a key for both environments at developer.apple.com, Keys.',
          );
        },
      };
      return [check];
    }),
  );

const isOfOtherEnvironment = (it: Outcome) =>
  it.kind === 'blocked' &&
  /^Bad(EnvironmentKey(Id)?InToken|CertificateEnvironment)$/.test(it.reason);

async function probe(
  sender: Sender,
  provider: Provider,
  now: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const push: Push = {
    campaignId: 'doctor',
    message: { title: 'Nobody gets this', ttlSeconds: 0, priority: 'normal' },
    expiresAt: now + 60_000,
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

/**
 * A refusal of the token is the answer to be hoped for: Apple looks at the provider token before it.
 * It does not say in which order it looks at the topic, so of that no more is claimed.
 */
function judgeApns(outcome: Outcome): Result {
  switch (outcome.kind) {
    case 'accepted':
      return unknown(
        'it took a push to a token that no device has: that is not Apple',
        'Look whether a proxy or a simulator answers in its place.',
      );
    case 'rejected':
    case 'unregistered':
      return well(
        `it refuses a made-up token as a token (${outcome.reason}): it accepts key and team, and does not object to the topic`,
      );
    case 'blocked':
      return fault(refusal(outcome, apnsReasons), apnsAdvice(outcome.reason));
    default:
      return noAnswer(outcome);
  }
}

function judgeFcm(outcome: Outcome): Result {
  switch (outcome.kind) {
    case 'accepted':
      return well('it answers a send with validate_only');
    case 'rejected':
    case 'unregistered':
      return well(
        `it answers a send with validate_only, and refuses a made-up token as a token (${outcome.reason})`,
      );
    case 'blocked':
      return fault(refusal(outcome), fcmAdvice(outcome.reason));
    default:
      return noAnswer(outcome);
  }
}

type Blocked = Extract<Outcome, { kind: 'blocked' }>;

/** Of a reason that is documented, with its meaning; else in the provider's own words. */
function refusal({ reason, detail }: Blocked, known: Record<string, { meaning: string }> = {}) {
  const words = (Object.hasOwn(known, reason) && known[reason]?.meaning) || detail;
  return `it refuses us: ${reason}${words ? `: ${words}` : ''}`;
}

function apnsAdvice(reason: string): string {
  if (/Topic/.test(reason))
    return 'APNS_TOPIC must be the bundle id of an app of the team APNS_TEAM_ID.';
  if (/Environment/.test(reason))
    return 'The key is for one environment: make one for both at developer.apple.com, Keys.';
  if (reason === 'ExpiredProviderToken')
    return 'Set the clock of the machine: tokens carry the time.';
  if (/certificate/i.test(reason))
    return 'Make the certificate anew at developer.apple.com, Certificates.';
  return 'Compare APNS_KEY_ID and APNS_TEAM_ID with developer.apple.com (Keys, Membership), and look whether the key was revoked.';
}

function fcmAdvice(reason: string): string {
  if (reason === 'NOT_FOUND') return 'There is no such project: FCM_PROJECT_ID is its id.';
  if (/UNAUTHENTICATED|access token/.test(reason))
    return 'The credentials are not accepted: they must be a service account of Google Cloud.';
  return 'Is FCM_PROJECT_ID the Firebase project, its Cloud Messaging API on, and may this account send (cloudmessaging.messages.create)?';
}

const noAnswer = ({ reason }: Extract<Outcome, { reason: string }>) =>
  unknown(
    `it gives no answer to build on: ${reason}`,
    'Try again in a minute; if it stays so, look at the network and the status page.',
  );
