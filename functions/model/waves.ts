/**
 * Waves: the recipients of a campaign that are sent to at the same instant, since a clock on their walls
 * shows the campaign's local time then, or since it is not quiet there any more.
 *
 * A device that tells no time zone, or one whose rules are not known, is in the zone of its app's policy.
 */

import { firstInstantOf, type OffsetAt, offsetAt } from '../lib/wall-clock.ts';
import { afterQuiet, type QuietHours } from './quiet.ts';

/**
 * What becomes of devices whose local time has passed when a campaign is accepted.
 * now       they are sent to immediately
 * next-day  at the same time of the next day
 * skip      they are skipped
 */
export const lates = ['now', 'next-day', 'skip'] as const;
export type Late = (typeof lates)[number];

/** A wall-clock time that each device reaches by its own clock. */
export interface LocalTime {
  /** `2030-12-24T09:00` */
  local: string;
  late: Late;
  /** what has passed then is late, in ms since the epoch: when the campaign was accepted or moved to that time */
  since: number;
  /**
   * The local time of a schedule's next run. A device that is late and that the next run reaches no later is
   * skipped: one run makes up for all that it has missed.
   */
  next?: string | undefined;
}

/** What decides when a device is sent to. */
export interface Timing {
  local: LocalTime | null;
  /** when a campaign without a local time begins, in ms since the epoch */
  begin: number;
  /** null: it may be sent at any time */
  quiet: QuietHours | null;
  /** of devices that tell none */
  defaultZone: string;
}

/** When a device is sent to. */
export interface Turn {
  /** ms since the epoch */
  at: number;
  /** it waits for the end of quiet hours */
  isHeld: boolean;
  /** its time had passed, and it is skipped */
  isLate: boolean;
}

/** The zones of a wave. `except`: all others, and devices that tell none. */
export type WaveZones = { in: string[] } | { except: string[] };

export interface Wave extends Turn {
  zones: WaveZones;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** `2030-12-24T09:00` in ms since 1970 as if it was UTC. */
export const wallOf = (local: string) => Date.parse(`${local}Z`);
/** And back. */
export const localOf = (wall: number) => new Date(wall).toISOString().slice(0, -':00.000Z'.length);

const HOUR_MS = 60 * 60 * 1000;

/** The most that a clock is ahead of UTC. */
export const EARLIEST_MS = 14 * HOUR_MS;

/** When a clock first shows that time anywhere: at UTC+14:00. */
export const startOf = (local: string) => wallOf(local) - EARLIEST_MS;
/** When the last clock shows it: at UTC-12:00. */
export const lastOf = (local: string) => wallOf(local) + 12 * HOUR_MS;

/**
 * When devices in `zone` are sent to, at `earliest` or later (ms since the epoch). Throws a RangeError for an
 * unknown zone.
 */
export function turnIn(
  { local, quiet, begin }: Timing,
  zone: string,
  offset: OffsetAt = offsetAt,
  earliest = 0,
): Turn {
  const found = local ? localTurn(local, zone, offset) : { at: begin, isLate: false };
  const due = Math.max(found.at, earliest);
  const at = quiet && !found.isLate ? afterQuiet(quiet, zone, due, offset) : due;
  return { at, isHeld: at > due, isLate: found.isLate };
}

function localTurn({ local, late, since, next }: LocalTime, zone: string, offset: OffsetAt) {
  const wall = wallOf(local);
  const at = firstInstantOf(wall, zone, offset);
  if (at >= since) return { at, isLate: false };
  // a day later may have passed as well
  const again = late === 'next-day' ? firstInstantOf(wall + DAY_MS, zone, offset) : since;
  const other = Math.max(again, since);
  const isReached = next !== undefined && firstInstantOf(wallOf(next), zone, offset) <= other;
  return late === 'skip' || isReached ? { at: since, isLate: true } : { at: other, isLate: false };
}

/** A zone whose clocks show each time as late as any. */
const LAST_ZONE = 'Etc/GMT+12';

/** Whether all devices would be skipped, wherever they are. */
export const isOver = (local: LocalTime): boolean => localTurn(local, LAST_ZONE, offsetAt).isLate;

/** The zone that counts for a device. */
export function countedZone(
  zone: string | undefined,
  defaultZone: string,
  offset: OffsetAt = offsetAt,
): string {
  if (zone === undefined) return defaultZone;
  try {
    offset(zone, 0);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return defaultZone;
    throw error;
  }
}

/**
 * The waves of a campaign to devices in these zones, the earliest first. Each zone, known or not, is in
 * exactly one of them, and so are devices without one.
 */
export function wavesOf(timing: Timing, zones: Iterable<string>, offset = offsetAt): Wave[] {
  const { defaultZone } = timing;
  const usual = turnIn(timing, defaultZone, offset);
  const others = new Map<string, Turn & { in: string[] }>();
  for (const zone of new Set(zones)) {
    const turn = turnIn(timing, countedZone(zone, defaultZone, offset), offset);
    if (nameOf(turn) === nameOf(usual)) continue;
    const wave = others.get(nameOf(turn)) ?? { ...turn, in: [] };
    wave.in.push(zone);
    others.set(nameOf(turn), wave);
  }
  const named = [...others.values()].map(
    ({ in: zones, ...turn }): Wave & { zones: { in: string[] } } => ({
      ...turn,
      zones: { in: zones.sort() },
    }),
  );
  const except = named.flatMap((it) => it.zones.in).sort();
  return [...named, { ...usual, zones: { except } }].sort((a, b) => a.at - b.at);
}

const nameOf = ({ at, isHeld, isLate }: Turn) => `${at} ${isHeld} ${isLate}`;

/** Whether a device with this zone is in a wave of these zones. */
export const isInWave = (zones: WaveZones, zone: string | undefined): boolean =>
  'in' in zones
    ? zone !== undefined && zones.in.includes(zone)
    : zone === undefined || !zones.except.includes(zone);
