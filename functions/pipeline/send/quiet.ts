/**
 * quiet: which open recipients of a chunk may be sent to, and until when a push may reach each. Where it is
 * quiet, recipients are held: they stay open until that ends, and the time does not count against their life.
 */

import { createdOnce } from '../../lib/created-once.ts';
import { offsetAt } from '../../lib/wall-clock.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Chunk, Held, ZonedQuiet } from '../../model/chunk.ts';
import { quietBetween, spanAt } from '../../model/quiet-spans.ts';
import { beginIn, expiryIn } from '../../model/timing.ts';
import type { Ports, Push } from '../../ports/ports.ts';
import { pushOf } from '../accept/push.ts';

/** Open recipients whose pushes are the same, but for what is each one's own. */
export interface Part {
  push: Push;
  /** no push may start then or later, in ms since the epoch */
  endsAt: number;
  /** their indices in the chunk */
  open: number[];
}

/** Recipients are named by their index in the chunk. Times are in ms since the epoch. */
export interface Sendable {
  /** Those of the recipients to which a push may start now. */
  parts(open: number[], now: number): Part[];
  /** Those whose pushes have expired if they are not sent until `now`. */
  expired(open: number[], now: number): number[];
  /** When a push to the first of them may start, at `from` or later. */
  next(open: number[], from: number): number;
  /** Those of them that are held at `from`, and were not before; undefined: none. */
  held(open: number[], from: number): Held | undefined;
}

export function sendableIn(ports: Pick<Ports, 'offsetAt'>, chunk: Chunk, campaign: Campaign) {
  const { quiet, expiresAt } = chunk;
  if (quiet) return inZones(ports, { ...chunk, quiet }, campaign);
  return {
    parts: (open, now) =>
      now < expiresAt ? [{ push: pushOf(campaign, expiresAt), endsAt: expiresAt, open }] : [],
    expired: (open, now) => (now < expiresAt ? [] : open),
    next: (_, from) => from,
    held: () => undefined,
  } satisfies Sendable;
}

type Zone = string | undefined;

function inZones(
  { offsetAt: offset = offsetAt }: Pick<Ports, 'offsetAt'>,
  chunk: Chunk & { quiet: ZonedQuiet },
  campaign: Campaign,
): Sendable {
  const spanIn = (zone: Zone, at: number) => spanAt(chunk.quiet, zone, at, offset);
  const expiryAt = (zone: Zone, now: number) => expiryIn(chunk, campaign, { zone, now, offset });

  /** As it was planned, or when the last attempt ended. */
  function wasHeld(zone: Zone): boolean {
    const from = beginIn(chunk, campaign);
    const { isQuiet, to } = spanIn(zone, from - 1);
    if (isQuiet && to === from) return true;
    const { attempt, notBefore } = chunk;
    return attempt > 0 && quietBetween(chunk.quiet, zone, { from, to: notBefore }, offset) > 0;
  }

  /** What `find` gives for a recipient's zone; it is called once for each. */
  function perZone<T extends Part | number | boolean | null>(
    find: (zone: Zone) => T,
  ): (index: number) => T {
    const known = new Map<Zone, T>();
    return (index) => {
      const { zone } = chunk.recipients[index]!;
      return createdOnce(known, zone, () => find(zone));
    };
  }

  return {
    parts(open, now) {
      const parts = new Map<number, Part>();
      const partOf = perZone((zone) => {
        const span = spanIn(zone, now);
        const endsAt = Math.min(span.to, expiryAt(zone, now));
        if (span.isQuiet || endsAt <= now) return null;
        return createdOnce(parts, endsAt, () => ({
          push: { ...pushOf(campaign, chunk.expiresAt), deliverBy: endsAt },
          endsAt,
          open: [],
        }));
      });
      for (const index of open) partOf(index)?.open.push(index);
      return [...parts.values()];
    },

    expired(open, now) {
      const isExpired = perZone((zone) => expiryAt(zone, now) <= now);
      return open.filter(isExpired);
    },

    next(open, from) {
      const nextOf = perZone((zone) => {
        const span = spanIn(zone, from);
        return span.isQuiet ? span.to : from;
      });
      return open.length > 0 ? Math.min(...new Set(open.map(nextOf))) : from;
    },

    held(open, from) {
      const untilOf = perZone((zone) => {
        const span = spanIn(zone, from);
        return span.isQuiet && !wasHeld(zone) ? span.to : null;
      });
      const ends = open.map(untilOf).filter((it) => it !== null);
      if (ends.length === 0) return undefined;
      return { recipients: ends.length, until: Math.max(...new Set(ends)) };
    },
  };
}

/**
 * Whether pushes of the chunk were tried before. One that was held since it was frozen was only claimed: none
 * of its recipients was settled, and it has not stalled.
 */
export const wasTried = ({ attempt, quiet, stalled, open, recipients }: Chunk) =>
  attempt > 0 && (!quiet || stalled > 0 || open.length < recipients.length);
