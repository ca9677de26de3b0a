/** The marker that an installation is written with. */

import { isDeepStrictEqual } from 'node:util';
import { cellOf, changedAt, changedName } from '../pages/markers.ts';
import { appOf, type InstallationFields, idOf } from '../schema.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * While an app only says that it is still there, its installation keeps its marker for a week, so that
 * pages need not follow every start of an app. So a date in a page may be two weeks behind.
 */
const KEPT_MS = 7 * DAY_MS;
/** How far the clock of a writer may be ahead of Firestore's. Dates further ahead are no refresh. */
const AHEAD_MS = DAY_MS;

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

/** Whether nothing but `refreshedAt` has changed, and neither it nor the marker is a week old. */
function isRefresh(before: InstallationFields, after: InstallationFields, readAt: number): boolean {
  const isRecent = (at: number) => readAt - at < KEPT_MS;
  return (
    isRecent(before.refreshedAt) &&
    isRecent(changedAt(before.changed ?? '')) &&
    after.refreshedAt >= before.refreshedAt &&
    after.refreshedAt <= readAt + AHEAD_MS &&
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
