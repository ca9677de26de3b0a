/**
 * Languages: which languages a device reads. This decides which of a message's texts a device gets, and
 * whether an audience by language holds it.
 *
 * A device reads its own language and the languages that it inherits from by CLDR: the language without
 * its region, unless CLDR names another parent (es-MX: es-419, es; pt-AO: pt-PT, pt; zh-HK: zh-Hant).
 * It never inherits from another script (zh-TW does not read zh, nor sr-Latn sr).
 * https://www.unicode.org/reports/tr35/#Parent_Locales
 */

import { pairsOf } from './entries.ts';
import { remembered } from './remembered.ts';
import { languageParents, sameLanguages } from './tables.ts';

const parents = new Map(pairsOf(languageParents));
const same = new Map(
  pairsOf(sameLanguages).flatMap(([a, b]) => [[a, b] as const, [b, a] as const]),
);

interface Parts {
  language: string;
  script: string | undefined;
  region: string | undefined;
  /** variants and extensions: `-1996` */
  rest: string;
}

/** A text that is no language tag counts as a language of its own: it must not stop a campaign. */
function partsOf(tag: string): Parts {
  const it = localeOf(tag);
  if (it === null) return { language: tag, script: undefined, region: undefined, rest: '' };
  // Intl gives no language for "und"
  const { language = 'und', script, region } = it;
  const rest = tag.slice([language, script, region].filter(Boolean).join('-').length);
  return { language, script: script ?? likelyScript(tag), region, rest };
}

function localeOf(tag: string): Intl.Locale | null {
  try {
    return new Intl.Locale(tag);
  } catch {
    return null;
  }
}

/** Null for an unknown language ("und"), which CLDR would take for English. */
const likely = (tag: string) => (tag.startsWith('und') ? null : localeOf(tag)?.maximize());

const likelyScript = remembered((tag) => likely(tag)?.script);

/** The tag, with the script only where it is not the usual one of the region: zh-TW, but zh-Hans-TW. */
function nameOf({ language, script, region }: Omit<Parts, 'rest'>): string {
  const short = region === undefined ? language : `${language}-${region}`;
  if (script === undefined || likelyScript(short) === script) return short;
  return [language, script, region].filter(Boolean).join('-');
}

/** The key of a canonical tag (`languageOf`): the same for zh-TW and zh-Hant-TW, for sr and sr-Cyrl. */
export const languageKey = remembered((tag) => {
  const parts = partsOf(tag);
  return nameOf(parts) + parts.rest;
});

/**
 * The keys of all languages that a device of this one reads, its own first: `zh-HK` and `zh-Hant`.
 * A store that looks devices up by language keeps these.
 */
export const languagesRead: (tag: string) => readonly string[] = remembered((tag) => {
  const parts = partsOf(tag);
  const read: string[] = [];
  for (let { rest } = parts; rest !== ''; rest = shorter(rest)) read.push(nameOf(parts) + rest);
  for (let at: string | undefined = nameOf(parts); at !== undefined; at = parentOf(at))
    for (const it of [at, otherName(at)]) if (it !== undefined && !read.includes(it)) read.push(it);
  return read;
});

/**
 * Drops the last subtag, and a single letter before it, which only announces it (RFC 4647, section
 * 3.4).
 */
const shorter = (rest: string) => rest.slice(0, rest.lastIndexOf('-')).replace(/-[a-z0-9]$/i, '');

function parentOf(key: string): string | undefined {
  const parent = parents.get(key);
  if (parent !== undefined) return parent;
  const parts = partsOf(key);
  return parts.region === undefined ? undefined : nameOf({ ...parts, region: undefined });
}

/** The same language by its other name: no-NO for nb-NO. */
function otherName(key: string): string | undefined {
  const parts = partsOf(key);
  const language = same.get(parts.language);
  return language === undefined ? undefined : nameOf({ ...parts, language });
}

/** Whether a device of language `tag` reads the language `range`; both are canonical. */
export const isLanguage = (range: string, tag: string | undefined): boolean =>
  tag !== undefined && languagesRead(tag).includes(languageKey(range));

const whole = remembered((tag) => likely(tag)?.toString() ?? tag);

/**
 * Returns a function that picks, for a device's language, one of `languages`: the nearest that the device
 * reads, or one that differs only by its most likely script or region (de-DE where it reads de). The
 * function returns undefined if there is none. All tags are canonical.
 */
export function languagePicker(
  languages: readonly string[],
): (tag: string | undefined) => string | undefined {
  const byKey = new Map(languages.map((it) => [languageKey(it), it]));
  const byWhole = new Map(languages.map((it) => [whole(it), it]));
  const pick = remembered((tag) => {
    for (const it of languagesRead(tag)) {
      const found = byKey.get(it) ?? byWhole.get(whole(it));
      if (found !== undefined) return found;
    }
    return undefined;
  });
  return (tag) => (tag === undefined ? undefined : pick(tag));
}
