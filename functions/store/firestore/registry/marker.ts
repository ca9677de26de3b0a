/** The marker that an installation is written with. */

import { isDeepStrictEqual } from 'node:util';
import { DAY_MS } from '../../../model/timing.ts';
import { cellOf, changedAt, changedName } from '../pages/markers.ts';
import { appOf, type InstallationFields, idOf } from '../schema.ts';

/**
 * While an app only says that it is still there, its installation keeps its marker for a week, so that
 * pages need not follow every start of an app. A date in a page is then less than two weeks behind: it was
 * less than one behind the marker, and the stored one is less than one ahead of it.
 */
export const KEPT_MS = 7 * DAY_MS;

/**
 * The field `changed` of the installation that is written as `after`. `name` is its document's, `before`
 * what is stored, `readAt` the time (ms) at which the transaction has read that.
 */
export const markerOf = (
  name: string,
  before: InstallationFields | undefined,
  after: InstallationFields,
  readAt: number,
): string =>
  before?.changed !== undefined && isRefresh(before, after, readAt)
    ? before.changed
    : changedName(appOf(name), cellOf(idOf(name).bucket), readAt);

/** Whether nothing but `refreshedAt` has changed, later but not by much, and neither it nor the marker is old. */
function isRefresh(before: InstallationFields, after: InstallationFields, readAt: number): boolean {
  const marked = changedAt(before.changed ?? '');
  return (
    readAt - marked < KEPT_MS &&
    readAt - before.refreshedAt < KEPT_MS &&
    after.refreshedAt >= before.refreshedAt &&
    // whatever the clock of the writer says
    after.refreshedAt < marked + KEPT_MS &&
    isSame(before, after)
  );
}

/** Fields that are written by every refresh. */
const REFRESHED: ReadonlySet<string> = new Set(['refreshedAt', 'changed']);

function isSame(a: object, b: object): boolean {
  const said = (it: object) =>
    Object.fromEntries(
      Object.entries(it).filter(([name, value]) => value !== undefined && !REFRESHED.has(name)),
    );
  return isDeepStrictEqual(said(a), said(b));
}
