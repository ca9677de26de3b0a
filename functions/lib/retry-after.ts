/** The header Retry-After (RFC 9110, section 10.2.3): a number of seconds, or an HTTP date. */

/** Longest wait in milliseconds. A server that asks for more has made a mistake. */
const MAX_MS = 24 * 60 * 60 * 1000;

/**
 * Returns the milliseconds to wait: 0 for a time that has passed, at most a day. Returns null if the
 * header is missing, or is neither digits nor a date in one of the three forms. `now` is in
 * milliseconds since 1970.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : (timeOf(text, now) ?? Number.NaN) - now;
  return Number.isNaN(ms) ? null : Math.min(MAX_MS, Math.max(0, ms));
}

/** The forms of RFC 9110, section 5.6.7. All are in UTC; names of days and months are case-sensitive. */
const forms = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>[A-Z][a-z]{2}) (?<day>\d\d| \d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The date in milliseconds since 1970, or null if the text is no date. */
function timeOf(text: string, now: number): number | null {
  const found = forms.map((it) => it.exec(text)?.groups).find((it) => it !== undefined);
  if (!found) return null;
  const { day, month, year, time } = found as Record<'day' | 'month' | 'year' | 'time', string>;
  const [hours, minutes, seconds] = time.split(':').map(Number) as [number, number, number];
  // 60: a leap second
  if (hours > 23 || minutes > 59 || seconds > 60) return null;
  const at = (inYear: number) => {
    const midnight = new Date(0);
    midnight.setUTCFullYear(inYear, months.indexOf(month), Number(day));
    const exists = midnight.getUTCDate() === Number(day) && months.includes(month);
    return exists ? midnight.getTime() + ((hours * 60 + minutes) * 60 + seconds) * 1000 : null;
  };
  if (year.length === 4) return at(Number(year));
  // "more than 50 years in the future" is "the most recent year in the past" with these two digits
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + 50);
  const century = latest.getUTCFullYear() - (latest.getUTCFullYear() % 100);
  const times = [100, 0, -100].map((more) => at(century + more + Number(year)));
  return times.find((it) => it !== null && it <= latest.getTime()) ?? null;
}
