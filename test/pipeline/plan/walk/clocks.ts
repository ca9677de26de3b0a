/** What clocks on walls show, asked minute by minute: slow, and without any knowledge of waves. */

import type { OffsetAt } from '../../../../functions/lib/wall-clock.ts';
import type { QuietHours } from '../../../../functions/model/quiet.ts';
import { MINUTE } from '../../world.ts';

export const HOUR = 60 * MINUTE;

/** `2026-12-24T09:00` of ms since 1970 as if it was UTC. */
export const textOf = (wall: number) => new Date(wall).toISOString().slice(0, 16);

const shown = (zone: string, at: number, offset: OffsetAt) => textOf(at + offset(zone, at));

/** The first minute at which clocks show `local`, or a later time. */
export function firstShown(zone: string, local: string, offset: OffsetAt): number {
  let at = Date.parse(`${local}Z`) - 15 * HOUR;
  while (shown(zone, at, offset) < local) at += MINUTE;
  return at;
}

export function isQuiet(quiet: QuietHours | null, zone: string, at: number, offset: OffsetAt) {
  if (!quiet) return false;
  const time = shown(zone, at, offset).slice(11);
  const { from, to } = quiet;
  return from < to ? time >= from && time < to : time >= from || time < to;
}

const nextMinute = (at: number) => (Math.floor(at / MINUTE) + 1) * MINUTE;

/** The first minute from `at` on at which it is quiet, or is not. */
export function firstWhen(
  becomes: boolean,
  quiet: QuietHours | null,
  zone: string,
  at: number,
  offset: OffsetAt,
): number {
  let found = at;
  while (isQuiet(quiet, zone, found, offset) !== becomes) found = nextMinute(found);
  return found;
}
