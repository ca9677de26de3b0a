/** Whether APNs accepts our credentials, by its answer to a push to a token that no device has. */

import type { Outcome } from '../../model/outcome.ts';
import { apnsReasons } from '../../model/provider/apns-reasons.ts';
import { fault, unknown, type Verdict, well } from '../../model/verdict.ts';
import { noAnswer, refusal } from '../shared/verdict.ts';

/**
 * The credentials are well if APNs refuses the device token: it checks the provider token first. Apple
 * does not document when it checks the topic, so the verdict claims no more about the topic.
 */
export function apnsVerdict(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return unknown(
        'it accepted a push to a token that no device has, which Apple does not',
        'Check whether a proxy or a simulator answers in its place.',
      );
    case 'rejected':
    case 'unregistered':
      return well(
        `it refuses a made-up token as a token (${outcome.reason}): it accepts key and team, and does not object to the topic`,
      );
    case 'blocked':
      return fault(refusal(outcome, apnsReasons), adviceFor(outcome.reason));
    default:
      return noAnswer(outcome);
  }
}

function adviceFor(reason: string): string {
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

/** The verdict for a key that works in the sandbox, and that production refuses. */
export const sandboxAlone = (): Verdict =>
  unknown(
    'its key is for the sandbox alone: apps from TestFlight and the App Store get nothing',
    'Unless that is meant, make a key for both environments at developer.apple.com, Keys.',
  );
