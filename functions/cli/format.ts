/** Numbers, times and text as a terminal of 80 columns shows them. */

export const COLUMNS = 80;

/**
 * A text of others on one line: a line break in it would look like the end of ours, and what follows
 * like another line of ours.
 */
export const oneLine = (text: string) => text.replace(/[\n\r\t\v\f\u0085\u2028\u2029]+/g, ' ');

/**
 * Breaks a text at spaces and indents all lines but the first. A word is never broken. Its own line
 * breaks become spaces.
 */
export function fold(text: string, indent: number): string {
  const lines: string[] = [];
  let rest = oneLine(text);
  while (rest.length > COLUMNS) {
    const before = rest.lastIndexOf(' ', COLUMNS);
    const cut = before > indent ? before : rest.indexOf(' ', COLUMNS);
    if (cut === -1) break;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = ' '.repeat(indent) + rest.slice(cut + 1);
  }
  return [...lines, rest].join('\n');
}

/** Rounded, with a comma at each thousand: `1,000`. */
export const count = (n: number) => Math.round(n).toLocaleString('en-US');

/** A time of the API, as `2030-12-24 08:00 UTC`. */
export const minuteOf = (at: string) => `${at.slice(0, 16).replace('T', ' ')} UTC`;

/** `1:05`, `2:00:09` */
export function clock(seconds: number) {
  const whole = Math.ceil(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((it, index) => (index === 0 ? `${it}` : `${it}`.padStart(2, '0'))).join(':');
}

const UNITS = [
  ['day', 24 * 60],
  ['hour', 60],
  ['minute', 1],
] as const;

/** How far off a time is, in its largest unit that fits twice: "in 36 hours", "in 5 minutes", "now". */
export function soon(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes <= 0) return 'now';
  const [unit, of] = UNITS.find(([, many]) => minutes >= 2 * many) ?? UNITS.at(-1)!;
  const many = Math.round(minutes / of);
  return `in ${many} ${unit}${many === 1 ? '' : 's'}`;
}

/** JSON on one line, in which control characters are escaped: none of them has to be replaced. */
export const jsonText = (value: unknown) =>
  JSON.stringify(value).replace(
    /\p{Cc}/gu,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
