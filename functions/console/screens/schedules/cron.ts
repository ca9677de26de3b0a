/** Cron patterns in words, the usual ones. */

import { list } from '../../format.ts';
import { texts } from '../../texts/texts.ts';

const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' });
/** 4 January 1970 was a Sunday. */
const dayName = (it: string) => weekday.format(Date.UTC(1970, 0, 4 + (Number(it) % 7)));

const two = (it: string) => it.padStart(2, '0');

/** `every day at 09:30`; null: the pattern speaks for itself. */
export function described(cron: string): string | null {
  const { schedules } = texts;
  const [minute = '', hour = '', date = '', month = '', days = '', ...rest] = cron
    .trim()
    .split(/\s+/);
  if (month !== '*' || rest.length > 0) return null;
  const isEveryDay = date === '*' && days === '*';
  const step = /^\*\/(\d{1,2})$/.exec(minute)?.[1];
  if (step && hour === '*' && isEveryDay) return schedules.everyMinutes(step);
  if (!/^\d{1,2}$/.test(minute)) return null;
  if (hour === '*' && isEveryDay) return schedules.everyHour(two(minute));
  if (!/^\d{1,2}$/.test(hour)) return null;
  const clock = `${two(hour)}:${two(minute)}`;
  if (isEveryDay) return schedules.everyDay(clock);
  if (/^\d{1,2}$/.test(date) && days === '*') return schedules.everyMonth(date, clock);
  const range = /^([0-7])-([0-7])$/.exec(days);
  if (date !== '*') return null;
  if (range)
    return schedules.onDays(schedules.range(dayName(range[1]!), dayName(range[2]!)), clock);
  if (/^[0-7](,[0-7])*$/.test(days))
    return schedules.onDays(list(days.split(',').map(dayName)), clock);
  return null;
}
