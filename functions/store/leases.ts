/**
 * Times that a clock of ours gave, and what is believed of them. A clock that was ahead for a moment
 * leaves times far in the future; who comes later, with the right time, must not wait for them.
 */

import { LEASE_MS } from '../model/timing.ts';

/** Clocks of machines that are set by NTP differ by far less. */
const TOLERANCE_MS = 60_000;

export type LeaseState = 'free' | 'held' | 'beyond';

/**
 * 'beyond': no lease reaches that far, so its clock was ahead. It is cut to the usual length: an owner
 * that is alive extends it again at its next checkpoint.
 */
export function leaseState(leaseId: string | null, until: number, now: number): LeaseState {
  if (leaseId === null || until <= now) return 'free';
  return until > now + LEASE_MS + TOLERANCE_MS ? 'beyond' : 'held';
}

/** What a lease is cut to. */
export const cutLease = (now: number) => now + LEASE_MS;

/**
 * Whether a chunk has to wait for its `notBefore`. `releasedAt`: when the attempt ended that gave it;
 * null: it is the chunk's slot. A time that was given in the future is not waited for.
 */
export const isEarly = (notBefore: number, releasedAt: number | null, now: number) =>
  notBefore > now && (releasedAt ?? 0) <= now;
