/** What is longer is no advice but a mistake. */
const MAX_MS = 24 * 60 * 60 * 1000;

/**
 * Milliseconds to wait by a Retry-After field (RFC 9110, section 10.2.3: seconds or an HTTP date);
 * null without one, or when it cannot be read.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(MAX_MS, Math.max(0, ms));
}
