/**
 * Texts with places for one recipient's words: `{{name}}`, or `{{name|what stands there without}}`.
 * Spaces around the name and the default do not count.
 */

export interface Template {
  /** one more than there are places: before, between and behind them */
  texts: string[];
  places: Place[];
}

export interface Place {
  name: string;
  /** null: nothing stands there, and it is counted as missing */
  fallback: string | null;
}

/**
 * Stands, in quotes, where a message's JSON has the recipient's own badge: a number without quotes
 * comes there. No author can write it, since it is no variable.
 */
export const BADGE = '{{#badge}}';

const place = /"\{\{(#badge)\}\}"|\{\{ *([\w.-]{1,64}) *(?:\| *([^{}]*?) *)?\}\}/g;

/** Null for a text without places. `text` may be JSON: neither braces nor names are escaped in it. */
export function templateOf(text: string): Template | null {
  if (!text.includes('{{')) return null;
  const texts: string[] = [];
  const places: Place[] = [];
  let end = 0;
  for (const found of text.matchAll(place)) {
    const [all, badge, name, fallback] = found;
    texts.push(text.slice(end, found.index));
    places.push({ name: badge ?? name!, fallback: fallback ?? null });
    end = found.index + all.length;
  }
  return places.length === 0 ? null : { texts: [...texts, text.slice(end)], places };
}

/** `wordFor` gives what comes into a place, as it is to stand there; undefined for the default. */
export function fill(
  { texts, places }: Template,
  wordFor: (name: string) => string | undefined,
): string {
  let filled = texts[0]!;
  for (let i = 0; i < places.length; i++) {
    const { name, fallback } = places[i]!;
    filled += (wordFor(name) ?? fallback ?? '') + texts[i + 1]!;
  }
  return filled;
}

/** What looks like a place in a text and is none. */
export const misspelt = (text: string): string[] =>
  text
    .replaceAll(/"\{\{#badge\}\}"/g, BADGE)
    .match(/\{\{[^{}]*\}\}/g)
    ?.filter((it) => it === BADGE || templateOf(it) === null) ?? [];
