/**
 * quiet: which open recipients of a chunk may be sent to, and until when a push may reach each. Where it is
 * quiet, recipients are held: they stay open until that ends, and the time does not count against their life.
 */

import { createdOnce } from '../../lib/created-once.ts';
import { type OffsetAt, offsetAt } from '../../lib/wall-clock.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Chunk, Held, ZonedQuiet } from '../../model/chunk.ts';
import { quietBetween, quietSince, spanAt } from '../../model/quiet-spans.ts';
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
type QuietChunk = Chunk & { quiet: ZonedQuiet };

/** What holds for the recipients of a zone. */
function rulesOf(chunk: QuietChunk, campaign: Campaign, offset: OffsetAt) {
  const { quiet, attempt, notBefore } = chunk;
  const spanIn = (zone: Zone, at: number) => spanAt(quiet, zone, at, offset);
  const expiryAt = (zone: Zone, now: number) => expiryIn(chunk, campaign, { zone, now, offset });
  const slot = beginIn(chunk, campaign);

  return {
    /** No push may start then or later; null: none may start now. */
    endAt(zone: Zone, now: number): number | null {
      const span = spanIn(zone, now);
      const end = Math.min(span.to, expiryAt(zone, now));
      return span.isQuiet || end <= now ? null : end;
    },

    isExpired: (zone: Zone, now: number) => expiryAt(zone, now) <= now,

    /**
     * Until when they are held at `at`; null: they are not. Those of a campaign with a pace keep it: a slot
     * that is an hour in the night comes an hour after its end.
     */
    heldUntil(zone: Zone, at: number): number | null {
      const { isQuiet, to } = spanIn(zone, at);
      if (!isQuiet) return null;
      const own = spanIn(zone, slot);
      if (!campaign.rate || !own.isQuiet || own.to !== to) return to;
      return to + slot - quietSince(quiet, zone, slot, offset);
    },

    /** Whether they were as it was planned, or when the last attempt ended. */
    wasHeld(zone: Zone): boolean {
      const { isQuiet, to } = spanIn(zone, slot - 1);
      if (isQuiet && to === slot) return true;
      return attempt > 0 && quietBetween(quiet, zone, { from: slot, to: notBefore }, offset) > 0;
    },
  };
}

function inZones(
  { offsetAt: offset = offsetAt }: Pick<Ports, 'offsetAt'>,
  chunk: QuietChunk,
  campaign: Campaign,
): Sendable {
  const rules = rulesOf(chunk, campaign, offset);

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
        const endsAt = rules.endAt(zone, now);
        if (endsAt === null) return null;
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
      const isExpired = perZone((zone) => rules.isExpired(zone, now));
      return open.filter(isExpired);
    },

    next(open, from) {
      const nextOf = perZone((zone) => rules.heldUntil(zone, from) ?? from);
      return open.length > 0 ? Math.min(...new Set(open.map(nextOf))) : from;
    },

    held(open, from) {
      const untilOf = perZone((zone) => (rules.wasHeld(zone) ? null : rules.heldUntil(zone, from)));
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
