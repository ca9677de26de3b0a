/** Audiences in the form that installations have, so that the two can be compared. */

import type { Audience } from '../schemas/audience.ts';
import { countryOf } from './country.ts';
import { languageOf } from './language-tag.ts';
import { timeZoneOf } from './timezone.ts';
import { namedToken } from './token.ts';

/**
 * A request is in form when it is read; one that was stored by an earlier version may not be. What
 * has no form is kept: without a condition an audience would be wider.
 */
export function canonicalAudience(audience: Audience): Audience {
  const { tokens, language, timeZone, country, and, or, not } = audience;
  return {
    ...audience,
    ...(tokens && { tokens: inForm(tokens, namedToken) }),
    ...(language && { language: inForm(language, languageOf) }),
    ...(timeZone && { timeZone: inForm(timeZone, timeZoneOf) }),
    ...(country && { country: inForm(country, countryOf) }),
    ...(and && { and: and.map(canonicalAudience) }),
    ...(or && { or: or.map(canonicalAudience) }),
    ...(not && { not: canonicalAudience(not) }),
  };
}

const inForm = (values: string[], of: (value: string) => string | null) => [
  ...new Set(values.map((it) => of(it) ?? it)),
];
