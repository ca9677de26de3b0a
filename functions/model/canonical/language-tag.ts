/** Languages: how they are written. BCP 47 in its canonical case, current codes in the place of old. */

import { remembered } from './remembered.ts';

/** No language has a longer one; and Intl need not read them. */
const MAX_LENGTH = 100;

/**
 * `zh-Hant-TW` for zh_TW_#Hant, `he` for iw, `de-DE` for de_DE.UTF-8; null for what is no language.
 * Read are BCP 47, Java's and Android's `Locale.toString()`, POSIX and ICU (iOS) names.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Locale.html#toString()
 * https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
 */
export const languageOf = remembered((text) => {
  if (text.length > MAX_LENGTH) return null;
  return canonical(text) ?? (/[_.@#]/.test(text) ? canonical(fromLocale(text)) : null);
});

/** UTS 35 takes a language of five to eight letters; there are none, but "english" is one of them. */
const tag = /^[a-z]{2,3}(?:[_-][a-z0-9]{1,8})*$/i;

function canonical(text: string): string | null {
  if (!tag.test(text)) return null;
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0] ?? null;
  } catch {
    return null;
  }
}

/** What POSIX names say of the script, and of Valencian. */
const modifiers: Record<string, { script?: string; variant?: string }> = {
  ...{ latin: { script: 'Latn' }, cyrillic: { script: 'Cyrl' }, devanagari: { script: 'Deva' } },
  ...{ arabic: { script: 'Arab' }, valencia: { variant: 'valencia' } },
};

/** Of `language_COUNTRY_variant_#Script` and `language_COUNTRY.charset@modifier`: what BCP 47 has too. */
function fromLocale(text: string): string {
  const [name = '', modifier = ''] = text.split('@');
  const [place = '', javaScript = ''] = name.split('#');
  const [language = '', country = '', variant = ''] = place.split('.')[0]!.split(/[_-]/);
  if (language === '') return '';
  // Java's old name of Nynorsk
  if (variant === 'NY' && country === 'NO') return 'nn-NO';
  const posix = Object.hasOwn(modifiers, modifier) ? modifiers[modifier]! : {};
  const script = /^[a-z]{4}(?![a-z])/i.exec(javaScript)?.[0] ?? posix.script;
  return [language, script, country, posix.variant].filter(Boolean).join('-');
}
