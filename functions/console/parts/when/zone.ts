/** Times as a field of a browser has them, in a time zone. */

import { instantsOf } from '../../../lib/wall-clock.ts';
import { texts } from '../../texts/texts.ts';

const WALL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/;

/** Whether a field has a date and a time in it. */
export const isWall = (text: string) => WALL.test(text) && !Number.isNaN(Date.parse(`${text}Z`));

/** The point in time as RFC 3339, or why there is none: clocks are put forward over it, or back. */
export function instantOf(
  wall: string,
  zone: string,
): { at: string } | { at: null; fault: string } {
  const words = texts.compose.delivery;
  if (!isWall(wall)) return { at: null, fault: words.noTime };
  let found: number[];
  try {
    found = instantsOf(Date.parse(`${wall}Z`), zone);
  } catch {
    return { at: null, fault: words.noZone(zone) };
  }
  if (found.length === 1) return { at: new Date(found[0]!).toISOString() };
  return { at: null, fault: found.length === 0 ? words.skipped(zone) : words.twice(zone) };
}

/** As a field has it: what a clock in `zone` shows at that time. */
export function wallOf(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('sv', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return parts.format(at).replace(' ', 'T');
}
