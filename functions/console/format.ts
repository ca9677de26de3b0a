/** Numbers, dates and lists, as people read them. */

const LANGUAGE = 'en';

const whole = new Intl.NumberFormat(LANGUAGE);
const rate = new Intl.NumberFormat(LANGUAGE, { maximumSignificantDigits: 3 });

export const count = (it: number) => whole.format(it);
export const rateOf = (it: number) => (it >= 100 ? whole.format(Math.round(it)) : rate.format(it));

/** `12.3 %`; what is there is never 0 %, and what is not whole is never 100 %. */
export function percent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  if (part === whole) return '100 %';
  const value = (part / whole) * 100;
  if (value < 0.1) return '< 0.1 %';
  return value > 99.9 ? '> 99.9 %' : `${value.toFixed(1)} %`;
}

/** `850 ms`, `12.4 s`, `3 min 05 s`, `2 h 10 min` */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const all = Math.round(seconds);
  const two = (it: number) => String(it).padStart(2, '0');
  if (all < 3600) return `${Math.floor(all / 60)} min ${two(all % 60)} s`;
  const minutes = Math.round(all / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

export function money(usd: number): string {
  if (usd > 0 && usd < 0.0001) return '< $0.0001';
  const digits = usd >= 1 ? 2 : 4;
  return new Intl.NumberFormat(LANGUAGE, {
    style: 'currency',
    currency: 'USD',
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: digits,
  }).format(usd);
}

const absolute = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium' });
const clock = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'short' });
const precise = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' });

const shortDate = new Intl.DateTimeFormat(LANGUAGE, { day: 'numeric', month: 'short' });
const minute = new Intl.DateTimeFormat(LANGUAGE, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const wallDay = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeZone: 'UTC' });

/** The time zone of this computer, which all times are shown in unless another is said. */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `Dec 24`, `09:00`, and both */
export const shortDay = (at: number) => shortDate.format(at);
export const minuteOf = (at: number) => minute.format(at);
export const dayAndMinute = (at: number) => `${shortDay(at)}, ${minuteOf(at)}`;
/** `Dec 24, 2026` and `09:00`, of a local time such as `2030-12-24T09:00` */
export const wallTime = (local: string) =>
  [wallDay.format(Date.parse(`${local}Z`)), local.slice(-5)] as const;

export const dateTime = (at: number) => absolute.format(at);
export const clockTime = (at: number) => precise.format(at);
export const dayOf = (at: number) => day.format(at);
export const list = (items: string[]) => new Intl.ListFormat(LANGUAGE).format(items);

/** `UTC+05:30`: how far a clock is ahead, in ms; whole minutes. */
export function offsetOf(ms: number): string {
  const minutes = Math.floor(Math.abs(ms) / MINUTE);
  const two = (it: number) => String(it).padStart(2, '0');
  return `UTC${ms < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** `5 minutes ago`, `in 2 hours`, and the date beyond a day. */
export function ago(at: number, now: number): string {
  const ms = at - now;
  const size = Math.abs(ms);
  if (size < MINUTE) return ms > 0 ? 'in a moment' : 'just now';
  if (size < HOUR) return relative.format(Math.round(ms / MINUTE), 'minute');
  if (size < DAY) return relative.format(Math.round(ms / HOUR), 'hour');
  return `${day.format(at)}, ${clock.format(at)}`;
}
