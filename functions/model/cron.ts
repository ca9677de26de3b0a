/** Times of five fields, as cron has them, in the wall-clock time of a zone. */

import { Cron } from 'croner';

/** Seconds are for machines; a ticker that comes once a minute could not keep them. */
const MODE = '5-part';

/** The first time after another, in ms since the epoch; null: there is none. Throws if it is no cron. */
export const nextTime = (pattern: string, timeZone: string, after: number): number | null =>
  new Cron(pattern, { timezone: timeZone, mode: MODE }).nextRun(new Date(after))?.getTime() ?? null;

/** Why it has no times after `after`, in words; null if it has. */
export function cronFault(pattern: string, timeZone: string, after = Date.now()): string | null {
  try {
    return nextTime(pattern, timeZone, after) === null
      ? 'never matches a day; check the day of the month and the month'
      : null;
  } catch (error) {
    const reason = (error as Error).message.replace(/^Cron\w+: /, '');
    return `must be five fields such as "30 9 * * 1-5": ${reason.slice(0, 200)}`;
  }
}
