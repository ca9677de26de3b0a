/** Platforms, and the providers that reach them. */

export const platforms = ['ios', 'android', 'web'] as const;
export type Platform = (typeof platforms)[number];

export const providers = ['apns', 'fcm'] as const;
export type Provider = (typeof providers)[number];

export const environments = ['production', 'sandbox'] as const;
export type Environment = (typeof environments)[number];

/** A token goes in packed chunks and headers: printable ASCII without spaces. */
export const tokenForm = /^[\x21-\x7e]+$/;

export function defaultProvider(it: Platform): Provider {
  return it === 'ios' ? 'apns' : 'fcm';
}
