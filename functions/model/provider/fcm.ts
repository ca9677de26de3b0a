/** Firebase Cloud Messaging, HTTP v1. https://firebase.google.com/docs/cloud-messaging */

import type { ProviderDescription } from './description.ts';
import { fcmReasons } from './fcm-reasons.ts';

export const fcm = {
  name: 'fcm',
  title: 'FCM',
  platforms: ['ios', 'android', 'web'],
  usualFor: ['android', 'web'],
  environments: ['production'],
  token: {
    // as the SDKs make them; Google promises no form and no length
    pattern: /^[\w:-]+$/,
    expected: 'an FCM token is letters, digits and - _ : only',
    ignoresCase: false,
    isDistinct: false,
  },
  targets: ['topic', 'condition'],
  overrides: 'fcm',
  content: null,
  // `validate_only`
  canDryRun: true,
  // the default quota: 600,000 a minute
  perSecond: 10_000,
  paced: true,
  // "When stale tokens reach 270 days of inactivity, FCM will consider them expired tokens"
  // https://firebase.google.com/docs/cloud-messaging/manage-tokens
  tokenExpiresAfterMs: 270 * 24 * 60 * 60 * 1000,
  reasons: fcmReasons,
  pushIds: { header: 'name', of: null },
  probe: {
    token: 'volley-doctor',
    otherEnvironment: null,
  },
} as const satisfies ProviderDescription;
