/**
 * Which rows of pages can be in an audience, as their columns tell: a few conditions that must hold, each on
 * one column. Whether a row is in it, `matches` says.
 */

import type { Audience } from '../../../model/schemas/audience.ts';
import type { Picking, Picks } from './codec.ts';

/** Conditions that a value of this list meets. */
const LISTED = ['platform', 'timeZone', 'country', 'permission'] as const satisfies Picking[];
type Listed = (typeof LISTED)[number];

type IsWanted = (value: unknown) => boolean;

/** `movedSince` (ms): only rows that have changed their time zone since. */
export function picksOf(audience: Audience, movedSince: number | undefined): Picks {
  const picks = new Map<Picking, IsWanted>();
  const add = (name: Picking, isWanted: IsWanted) => {
    const other = picks.get(name);
    picks.set(name, other ? (it) => other(it) && isWanted(it) : isWanted);
  };
  for (const { name, list, isIn } of listsIn(audience)) add(name, (it) => list.has(it) === isIn);
  if (movedSince !== undefined) add('movedAt', (it) => Number(it ?? 0) >= movedSince);
  return picks;
}

/** A column has a value of the list, or (`isIn` is false) another one or none. */
interface InList {
  name: Listed;
  list: ReadonlySet<unknown>;
  isIn: boolean;
}

function listsIn({ and = [], not, ...own }: Audience): InList[] {
  const lists = (of: Audience, isIn: boolean) =>
    LISTED.flatMap((name) => (of[name] ? [{ name, list: new Set<unknown>(of[name]), isIn }] : []));
  // one of several conditions may hold where not all of them do
  const isAlone =
    not !== undefined && Object.values(not).filter((it) => it !== undefined).length === 1;
  return [...lists(own, true), ...(isAlone ? lists(not, false) : []), ...and.flatMap(listsIn)];
}
