/**
 * Templates: texts with places for a recipient's values, `{{name}}` or `{{name|default}}`. Spaces around
 * the name and the default are ignored.
 */

interface Template {
  /** the text before, between and after the places: one more than there are places */
  texts: string[];
  places: Place[];
}

interface Place {
  name: string;
  /** the default; null: a place without a value stays empty, and is counted as missing */
  fallback: string | null;
}

/** These read text from outside; each takes time linear in its length. */
export const BRACES = /\{\{([^{}]*)\}\}/g;
/** The same within JSON, where a quote ends a text unless it is escaped. */
const BRACES_IN_JSON = /\{\{((?:[^{}"\\]|\\.)*)\}\}/g;
const NAME = /^[\w.-]{1,64}$/;

/** Null for a text without places. */
export const templateOf = (text: string): Template | null => templateBy(BRACES, text);

/** The same for JSON, which escapes neither braces nor names. A default keeps its JSON escapes. */
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

/** The place for what stands between the braces; null: that is no name and default. */
function placeOf(inner: string): Place | null {
  const { name, fallback } = halvesOf(inner);
  const trimmed = withoutSpaces(name);
  if (!NAME.test(trimmed)) return null;
  return { name: trimmed, fallback: fallback === null ? null : withoutSpaces(fallback) };
}

/** Splits the text between the braces at the first bar. */
export function halvesOf(inner: string): Place {
  const bar = inner.indexOf('|');
  return bar === -1
    ? { name: inner, fallback: null }
    : { name: inner.slice(0, bar), fallback: inner.slice(bar + 1) };
}

/** Not `trim`: it also removes no-break spaces, which are part of a French default. */
function withoutSpaces(text: string): string {
  let from = 0;
  let to = text.length;
  while (text[from] === ' ') from++;
  while (to > from && text[to - 1] === ' ') to--;
  return text.slice(from, to);
}

/** `valueFor` returns the text for a place, by name, escaped as needed; undefined for the default. */
export function fill(
  { texts, places }: Template,
  valueFor: (name: string) => string | undefined,
): string {
  let filled = texts[0]!;
  for (let i = 0; i < places.length; i++) {
    const { name, fallback } = places[i]!;
    filled += (valueFor(name) ?? fallback ?? '') + texts[i + 1]!;
  }
  return filled;
}

/** Every `{{…}}` in a text that is no place, as it stands there. */
export const misspelt = (text: string): string[] =>
  Array.from(text.matchAll(BRACES))
    .filter(([, inner = '']) => placeOf(inner) === null)
    .map(([all]) => all);

/** The variables of a message in one language, each once; `needed`: one of its places has no default. */
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
