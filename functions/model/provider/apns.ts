/** Apple Push Notification service. https://developer.apple.com/documentation/usernotifications */

import { apnsReasons } from './apns-reasons.ts';
import type { ProviderDescription } from './description.ts';
import { apnsIds } from './push-id.ts';

export const apns = {
  name: 'apns',
  title: 'APNs',
  platforms: ['ios'],
  usualFor: ['ios'],
  environments: ['production', 'sandbox'],
  token: {
    // Apple does not promise a length; 64 digits is the shortest seen
    pattern: /^(?:[0-9a-f]{2}){32,100}$/i,
    expected: 'an APNs token is 64 to 200 hexadecimal digits',
    // an app may print the same bytes in either case
    ignoresCase: true,
    // FCM's tokens have characters other than hexadecimal digits
    isDistinct: true,
  },
  targets: [],
  overrides: 'apns',
  content: ['pushType', 'payload'],
  canDryRun: false,
  // a process has 4,000 pushes under way, and answers after 80 ms
  perSecond: 50_000,
  paced: false,
  tokenExpiresAfterMs: null,
  reasons: apnsReasons,
  pushIds: { header: 'apns-id', of: apnsIds },
  probe: {
    token: '0'.repeat(64),
    otherEnvironment: /^Bad(EnvironmentKey(Id)?InToken|CertificateEnvironment)$/,
  },
} as const satisfies ProviderDescription;
