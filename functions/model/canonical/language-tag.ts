/**
 * Languages: their canonical tags. BCP 47 in its canonical case, with current codes instead of old
 * ones.
 */

import { remembered } from './remembered.ts';

/** Characters. No language tag is longer, and Intl need not read longer texts. */
const MAX_LENGTH = 100;

/**
 * The canonical tag: `zh-Hant-TW` for zh_TW_#Hant, `he` for iw, `de-DE` for de_DE.UTF-8; null for a
 * text that is no language. It reads BCP 47, Java's and Android's `Locale.toString()`, POSIX and ICU
 * (iOS) names.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Locale.html#toString()
 * https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
 */
export const languageOf = remembered((text) => {
  if (text.length > MAX_LENGTH) return null;
  return canonical(text) ?? (/[_.@#]/.test(text) ? canonical(fromLocale(text)) : null);
});

/** UTS 35 allows languages of five to eight letters. There are none, but "english" would be one. */
const tag = /^[a-z]{2,3}(?:[_-][a-z0-9]{1,8})*$/i;

function canonical(text: string): string | null {
  if (!tag.test(text)) return null;
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0] ?? null;
  } catch {
    return null;
  }
}

/** Modifiers of POSIX names that stand for a script or a variant. */
const modifiers: Record<string, { script?: string; variant?: string }> = {
  latin: { script: 'Latn' },
  cyrillic: { script: 'Cyrl' },
  devanagari: { script: 'Deva' },
  arabic: { script: 'Arab' },
  valencia: { variant: 'valencia' },
};

/** Rewrites `language_COUNTRY_variant_#Script` and `language_COUNTRY.charset@modifier` as a BCP 47 tag. */
function fromLocale(text: string): string {
  const [name = '', modifier = ''] = text.split('@');
  const [place = '', javaScript = ''] = name.split('#');
  const [language = '', country = '', variant = ''] = place.split('.')[0]!.split(/[_-]/);
  if (language === '') return '';
  // Java's old name for Nynorsk
  if (variant === 'NY' && country === 'NO') return 'nn-NO';
  const posix = Object.hasOwn(modifiers, modifier) ? modifiers[modifier]! : {};
  const script = /^[a-z]{4}(?![a-z])/i.exec(javaScript)?.[0] ?? posix.script;
  return [language, script, country, posix.variant].filter(Boolean).join('-');
}
