/**
 * When an app last registered, as a page knows it. A refresh that changes nothing else keeps its marker
 * for a week, so the date in a page may be that much behind, and the one it was compared with another
 * week.
 */

import { matches } from '../../../model/audience/matches.ts';
import { earlierIn } from '../../../model/audience/past.ts';
import type { Audience } from '../../../model/schemas/audience.ts';
import { DAY_MS } from '../../../model/timing.ts';
import type { Row } from '../audience/row.ts';

/** How far a date in a page may be behind. */
const BEHIND_MS = 14 * DAY_MS;
/** Most installations have registered since then, so their documents would be read anyway. */
const RECENT_MS = 15 * DAY_MS;

/** The times (ms) with which an audience compares the date, at any depth. */
export function datesIn({ lastSeen, and = [], or = [], not }: Audience): number[] {
  const own = [lastSeen?.after, lastSeen?.before].flatMap((it) => (it ? Date.parse(it) : []));
  return [...own, ...[...and, ...or, ...(not ? [not] : [])].flatMap(datesIn)];
}

/** Whether pages are of no use for an audience with these dates. */
export const areRecent = (dates: number[], now: number) => dates.some((it) => it > now - RECENT_MS);

/** Whether the row may be in the audience by the date of its document, and not by its own, or the reverse. */
export function isInDoubt(audience: Audience, dates: number[], row: Row): boolean {
  const { refreshedAt } = row;
  const possible = dates.filter((it) => it > refreshedAt && it <= refreshedAt + BEHIND_MS);
  if (possible.length === 0) return false;
  // its past is read later, of the row that stays
  if (earlierIn(audience).length > 0) return true;
  const is = matches(audience, row);
  return possible.some((it) => matches(audience, { ...row, refreshedAt: it }) !== is);
}
