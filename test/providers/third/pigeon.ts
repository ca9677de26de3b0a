/** The description of a third provider. It reaches web and Android, and has few reasons. */

import type { ProviderDescription } from '../../../functions/model/provider/description.ts';
import { fcm } from '../../../functions/model/provider/fcm.ts';

export const pigeon = {
  name: 'pigeon',
  title: 'Pigeon',
  platforms: ['android', 'web'],
  usualFor: ['web'],
  environments: ['production'],
  token: {
    pattern: /^loft-\d{4}$/,
    expected: 'a Pigeon token is loft- and four digits',
    ignoresCase: false,
    isDistinct: true,
  },
  targets: [],
  overrides: null,
  content: null,
  canDryRun: true,
  perSecond: 100,
  paced: false,
  tokenExpiresAfterMs: null,
  reasons: {},
  pushIds: null,
  probe: {
    token: 'loft-0000',
    otherEnvironment: null,
  },
} as const satisfies ProviderDescription;

/** Here FCM leaves the web to the pigeons. */
export const fcmBeside = { ...fcm, usualFor: ['android'] } as const satisfies ProviderDescription;
