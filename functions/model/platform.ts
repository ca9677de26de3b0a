/** Where an installation lives. */

export const platforms = ['ios', 'android', 'web'] as const;
export type Platform = (typeof platforms)[number];

export const environments = ['production', 'sandbox'] as const;
export type Environment = (typeof environments)[number];

/** A token goes in packed chunks and headers: printable ASCII without spaces. */
export const tokenForm = /^[\x21-\x7e]+$/;
