/** Tells simulated providers from real ones, by their addresses. */

import type { AppCredentials } from './registry.ts';

const HERE = ['127.0.0.1', 'localhost', '[::1]'];

/** True if there are apps and every provider of theirs is on this machine. */
export function areSimulated(apps: Record<string, AppCredentials>): boolean {
  const origins = Object.values(apps).flatMap(({ apns, fcm }) => [
    ...Object.values(apns?.origins ?? {}),
    ...(fcm ? [fcm.origin] : []),
  ]);
  return origins.length > 0 && origins.every((it) => HERE.includes(new URL(it).hostname));
}
