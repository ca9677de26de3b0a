/**
 * Which stored times are trusted. A clock that was ahead for a moment leaves times far in the future;
 * processes with the right time must not wait for them.
 */

import { LEASE_MS } from '../model/timing.ts';

/** Largest difference between clocks, in ms. Those set by NTP differ by far less. */
const TOLERANCE_MS = 60_000;

type LeaseState = 'free' | 'held' | 'beyond';

/**
 * 'beyond': no lease reaches that far, so its clock was ahead. It is cut to the usual length: an owner
 * that is alive extends it again at its next checkpoint.
 */
export function leaseState(leaseId: string | null, until: number, now: number): LeaseState {
  if (leaseId === null || until <= now) return 'free';
  return until > now + LEASE_MS + TOLERANCE_MS ? 'beyond' : 'held';
}

/** The end, in ms, of a lease that was too long. */
export const cutLease = (now: number) => now + LEASE_MS;

/**
 * True if a chunk has to wait for its `notBefore`. `releasedAt` is when the attempt that gave it ended;
 * null if `notBefore` is the chunk's slot. A time from a clock that was ahead is ignored.
 */
export const isEarly = (notBefore: number, releasedAt: number | null, now: number) =>
  notBefore > now && (releasedAt ?? 0) <= now;
