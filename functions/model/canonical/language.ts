/**
 * Languages: what is one of another. It decides which of a message's texts a device gets, and
 * whether an audience by language holds it.
 *
 * A device reads its own language and what that inherits from, as CLDR has it: without its region,
 * unless CLDR names another parent (es-MX: es-419, es; pt-AO: pt-PT, pt; zh-HK: zh-Hant), and never
 * from one script to another (zh-TW does not read zh, nor sr-Latn sr).
 * https://www.unicode.org/reports/tr35/#Parent_Locales
 */

import { remembered } from './remembered.ts';
import { languageParents, sameLanguages } from './tables.ts';

const parents = new Map(languageParents);
const same = new Map([...sameLanguages, ...sameLanguages.map(([a, b]) => [b, a] as const)]);

interface Parts {
  language: string;
  script: string | undefined;
  region: string | undefined;
  /** variants and extensions: `-1996` */
  rest: string;
}

/** What is no language, though it should be, is a language of its own: it must not stop a campaign. */
function partsOf(tag: string): Parts {
  const it = localeOf(tag);
  if (it === null) return { language: tag, script: undefined, region: undefined, rest: '' };
  // "und" has no language there
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

/** An unknown language is not English, as CLDR would have it. */
const likely = (tag: string) => (tag.startsWith('und') ? null : localeOf(tag)?.maximize());

const likelyScript = remembered((tag) => likely(tag)?.script);

/** Its script is named only where it is not the usual one there: zh-TW, and zh-Hans-TW. */
function nameOf({ language, script, region }: Omit<Parts, 'rest'>): string {
  const short = region === undefined ? language : `${language}-${region}`;
  if (script === undefined || likelyScript(short) === script) return short;
  return [language, script, region].filter(Boolean).join('-');
}

/** The same for zh-TW and zh-Hant-TW, sr and sr-Cyrl. `tag` is canonical (`languageOf`). */
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

/** RFC 4647, section 3.4: a single letter only announces what follows it. */
const shorter = (rest: string) => rest.slice(0, rest.lastIndexOf('-')).replace(/-[a-z0-9]$/i, '');

function parentOf(key: string): string | undefined {
  const parent = parents.get(key);
  if (parent !== undefined) return parent;
  const parts = partsOf(key);
  return parts.region === undefined ? undefined : nameOf({ ...parts, region: undefined });
}

/** no-NO of nb-NO */
function otherName(key: string): string | undefined {
  const parts = partsOf(key);
  const language = same.get(parts.language);
  return language === undefined ? undefined : nameOf({ ...parts, language });
}

/** Whether an audience of `range` holds a device of `tag`; both are canonical. */
export const isLanguage = (range: string, tag: string | undefined): boolean =>
  tag !== undefined && languagesRead(tag).includes(languageKey(range));

const whole = remembered((tag) => likely(tag)?.toString() ?? tag);

/**
 * Finds, for a device's language, which of `languages` it gets: the nearest of those it reads, or
 * one that differs only by what goes without saying (de-DE where it reads de). Undefined: none.
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
