/**
 * When runs are due, from the clocks of the zones alone: every quarter of an hour around a
 * Sunday is asked for the time that they show.
 */

import { MINUTE } from './store-fixture.ts';

interface Shown {
  at: number;
  weekday: string;
  date: string;
  time: string;
}

function clocksOf(timeZone: string, begin: number, end: number): Shown[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const shown: Shown[] = [];
  for (let at = begin; at < end; at += 15 * MINUTE) {
    // of days that are a Sunday nowhere
    if ([2, 3, 4, 5].includes(new Date(at).getUTCDay())) continue;
    const [weekday, date, time] = format.format(at).split(', ') as [string, string, string];
    shown.push({ at, weekday, date, time });
  }
  return shown;
}

type Times = (timeZone: string, begin: number, end: number) => number[];

/** Months in which some clocks are changed. */
export const CHANGES = /\/(03|04|10|11)\//;

/** When clocks first show that time or, where they jump over it, a later one. */
export const sundaysAt =
  (time: string, months = /./): Times =>
  (...zone) => {
    const first = new Map<string, number>();
    for (const it of clocksOf(...zone))
      if (it.weekday === 'Sun' && months.test(it.date) && it.time >= time && !first.has(it.date))
        first.set(it.date, it.at);
    return [...first.values()];
  };

export const hoursOf =
  (date: string): Times =>
  (...zone) =>
    clocksOf(...zone)
      .filter((it) => it.date === date && it.time.endsWith(':00'))
      .map((it) => it.at);
