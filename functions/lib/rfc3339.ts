/** A time in ms since the epoch, as RFC 3339 has it, in UTC. Throws a RangeError beyond the year 275760. */
export const rfc3339 = (ms: number) => new Date(ms).toISOString();
export const rfc3339OrNull = (ms: number | null) => (ms === null ? null : rfc3339(ms));
