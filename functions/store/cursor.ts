/**
 * Cursors of lists, as a page gives them with `next`. They come back from outside, so each is
 * checked.
 */

import { BadCursor } from '../lib/errors.ts';

/** What the groups of `form` match in the cursor. Throws `BadCursor` for one of another form. */
export function partsOf(cursor: string, form: RegExp): string[] {
  const found = form.exec(cursor);
  if (!found) throw new BadCursor();
  return found.slice(1);
}

/** `{time}.{id}`: the last item of a page that is in the order of these. Throws `BadCursor`. */
export function timeAndName(cursor: string): [number, string] {
  const [at, name] = partsOf(cursor, /^(\d{1,15})\.(.*)$/s) as [string, string];
  return [Number(at), name];
}

/** A name and an index, as the two groups of `form` match them. Throws `BadCursor`. */
export function nameAndIndex(cursor: string, form: RegExp): [string, number] {
  const [name, index] = partsOf(cursor, form) as [string, string];
  return [name, Number(index)];
}

/** The name of the last item of a page that is in the order of names. Throws `BadCursor`. */
export const nameIn = (cursor: string): string =>
  partsOf(cursor, /^([A-Za-z0-9][\w.-]{0,199})$/)[0]!;

/** The id of the last installation of a page. Throws `BadCursor`. */
export const installationIn = (cursor: string): string => partsOf(cursor, /^([\w.:-]{1,128})$/)[0]!;

/** The number of a part that is below `end`. Throws `BadCursor`. */
export function partBelow(end: number, cursor: string): number {
  const part = Number(partsOf(cursor, /^(\d{1,10})$/)[0]);
  if (part >= end) throw new BadCursor();
  return part;
}
