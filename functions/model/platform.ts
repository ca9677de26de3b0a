/** Platforms and environments of installations. */

export const platforms = ['ios', 'android', 'web'] as const;
export type Platform = (typeof platforms)[number];

export const environments = ['production', 'sandbox'] as const;
export type Environment = (typeof environments)[number];

/** Printable ASCII without spaces, since a token is part of packed chunks and headers. */
export const tokenForm = /^[\x21-\x7e]+$/;
