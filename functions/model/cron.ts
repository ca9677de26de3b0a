/** Cron patterns of five fields, in the wall-clock time of a zone. */

import { Cron } from 'croner';

/** Without seconds: the ticker runs once a minute. */
const MODE = '5-part';

/**
 * The first time after `after`, both in ms since the epoch; null: there is none. Throws if `pattern` is
 * no cron.
 */
export const nextTime = (pattern: string, timeZone: string, after: number): number | null =>
  new Cron(pattern, { timezone: timeZone, mode: MODE }).nextRun(new Date(after))?.getTime() ?? null;

/** Why a pattern has no times after `after`, in words; null if it has. Never throws. */
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
