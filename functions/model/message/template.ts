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

/** Text from outside is read with these: each takes time linear in it. */
export const BRACES = /\{\{([^{}]*)\}\}/g;
/** A quote ends a text of JSON, unless it is escaped. */
const BRACES_IN_JSON = /\{\{((?:[^{}"\\]|\\.)*)\}\}/g;
const NAME = /^[\w.-]{1,64}$/;

/** Null for a text without places. */
export const templateOf = (text: string): Template | null => templateBy(BRACES, text);

/** The same for JSON: neither braces nor names are escaped in it. A default stays as it stands there. */
export const templateOfJson = (json: string): Template | null => templateBy(BRACES_IN_JSON, json);

function templateBy(braces: RegExp, text: string): Template | null {
  if (!text.includes('{{')) return null;
  const texts: string[] = [];
  const places: Place[] = [];
  let end = 0;
  for (const { 0: all, 1: inner = '', index } of text.matchAll(braces)) {
    const place = placeOf(inner);
    if (place === null) continue;
    texts.push(text.slice(end, index));
    places.push(place);
    end = index + all.length;
  }
  return places.length === 0 ? null : { texts: [...texts, text.slice(end)], places };
}

/** Of what stands between the braces; null: it is no place. */
function placeOf(inner: string): Place | null {
  const { name, fallback } = halvesOf(inner);
  const trimmed = withoutSpaces(name);
  if (!NAME.test(trimmed)) return null;
  return { name: trimmed, fallback: fallback === null ? null : withoutSpaces(fallback) };
}

/** Before and behind the first bar. */
export function halvesOf(inner: string): Place {
  const bar = inner.indexOf('|');
  return bar === -1
    ? { name: inner, fallback: null }
    : { name: inner.slice(0, bar), fallback: inner.slice(bar + 1) };
}

/** `trim` would take other spaces too: one that does not break is part of a French default. */
function withoutSpaces(text: string): string {
  let from = 0;
  let to = text.length;
  while (text[from] === ' ') from++;
  while (to > from && text[to - 1] === ' ') to--;
  return text.slice(from, to);
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
  Array.from(text.matchAll(BRACES))
    .filter(([, inner = '']) => placeOf(inner) === null)
    .map(([all]) => all);

/** The variables of a message in one language, each once; needed where any place has no default. */
export function variablesOf(message: {
  literal?: boolean | undefined;
}): { name: string; needed: boolean }[] {
  if (message.literal) return [];
  const places: Place[] = templateOfJson(JSON.stringify(message))?.places ?? [];
  const byName = Map.groupBy(places, (it) => it.name);
  return Array.from(byName, ([name, those]) => ({
    name,
    needed: those.some((it) => it.fallback === null),
  }));
}
