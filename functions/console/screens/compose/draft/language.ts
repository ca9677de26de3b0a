/** Languages by their tags, as browsers know them. */

const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'code' });

/** `German`; the tag itself if the browser does not know it. */
export function languageName(tag: string): string {
  try {
    return names.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The tag in its canonical form, which is how the API names it in faults; null: it is none. */
export function tagOf(text: string): string | null {
  try {
    return Intl.getCanonicalLocales(text.trim().replaceAll('_', '-'))[0] ?? null;
  } catch {
    return null;
  }
}

/** What a phone in that language writes beside a message. */
export function phoneIn(tag: string | null, now: number) {
  const locale = tag ?? 'en';
  const day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
  const justNow = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'narrow' });
  return { day: day.format(now), now: justNow.format(0, 'second') };
}
