/** Days and months in the wall-clock time of a zone. Days are texts such as `2026-12-05`. */

import { firstInstantOf } from '../../../lib/wall-clock.ts';
import { ownZone } from '../../format.ts';

export interface Month {
  year: number;
  /** from 0 */
  month: number;
}

export interface Zone {
  name: string;
  dayOf(at: number): string;
  clockOf(at: number): string;
  /** `Sat, Nov 28, 9:30 AM` */
  timeOf(at: number): string;
}

export function zoneOf(name: string): Zone {
  const format = (locale: string, options: Intl.DateTimeFormatOptions) => {
    const it = new Intl.DateTimeFormat(locale, { ...options, timeZone: name });
    return (at: number) => it.format(at);
  };
  return {
    name,
    // the order of Canada is that of ISO 8601
    dayOf: format('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' }),
    clockOf: format('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    timeOf: format('en', {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }),
  };
}

/**
 * A point in time as the API gives it, in ms since the epoch. One without an offset, of what runs by each
 * device's own clock, is when a clock in `zone` shows it.
 */
export const instantOf = (at: string, zone: string): number =>
  at.endsWith('Z') ? Date.parse(at) : firstInstantOf(Date.parse(`${at}Z`), zone);

/** The zones to choose from, those in use first. */
export function zones(used: (string | undefined)[]): { used: string[]; all: string[] } {
  return {
    used: [...new Set([ownZone, ...used.filter((it) => it !== undefined), 'Etc/UTC'])],
    all: Intl.supportedValuesOf('timeZone'),
  };
}

export const monthOf = (day: string): Month => ({
  year: Number(day.slice(0, 4)),
  month: Number(day.slice(5, 7)) - 1,
});

export function moved({ year, month }: Month, by: number): Month {
  const it = new Date(Date.UTC(year, month + by, 1));
  return { year: it.getUTCFullYear(), month: it.getUTCMonth() };
}

/** The weeks of a month, from Monday to Sunday, with days of the months beside it. */
export function weeksOf({ year, month }: Month): string[][] {
  const first = new Date(Date.UTC(year, month, 1)).getUTCDay();
  const begin = 1 - ((first + 6) % 7);
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const weeks: string[][] = [];
  for (let day = begin; day <= days; day += 7)
    weeks.push(
      Array.from({ length: 7 }, (_, i) =>
        new Date(Date.UTC(year, month, day + i)).toISOString().slice(0, 10),
      ),
    );
  return weeks;
}

/** A time after the last day that is shown, in any zone, as the API takes it. */
export const endOf = ({ year, month }: Month) =>
  new Date(Date.UTC(year, month + 1, 8)).toISOString();

const named = (options: Intl.DateTimeFormatOptions) => {
  const it = new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' });
  return (day: string | Month) =>
    it.format(typeof day === 'string' ? Date.parse(day) : Date.UTC(day.year, day.month, 1));
};
export const monthName = named({ month: 'long', year: 'numeric' });
export const dayName = named({ weekday: 'long', day: 'numeric', month: 'long' });
export const shortWeekday = named({ weekday: 'short' });
export const longWeekday = named({ weekday: 'long' });
