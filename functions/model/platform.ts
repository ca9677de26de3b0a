/** Platforms and environments of installations, and whether they may show notifications. */

export const platforms = ['ios', 'android', 'web'] as const;
export type Platform = (typeof platforms)[number];

export const environments = ['production', 'sandbox'] as const;
export type Environment = (typeof environments)[number];

/**
 * What the device's system lets the app show. Denied: nothing, also before people were asked.
 * Provisional: quietly, in the list of notifications (iOS).
 * https://developer.apple.com/documentation/usernotifications/unauthorizationstatus
 */
export const permissions = ['granted', 'denied', 'provisional'] as const;
export type Permission = (typeof permissions)[number];

/** Printable ASCII without spaces, since a token is part of packed chunks and headers. */
export const tokenForm = /^[\x21-\x7e]+$/;
