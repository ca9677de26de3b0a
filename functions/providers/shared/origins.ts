/** Where the providers are. */

import type { Environment } from '../../model/platform.ts';

export const APNS_ORIGINS: Record<Environment, string> = {
  production: 'https://api.push.apple.com',
  sandbox: 'https://api.sandbox.push.apple.com',
};
export const FCM_ORIGIN = 'https://fcm.googleapis.com';
