/** Audiences in canonical form, the form of installations, so that the two can be compared. */

import type { Audience } from '../schemas/audience.ts';
import { countryOf } from './country.ts';
import { languageOf } from './language-tag.ts';
import { timeZoneOf } from './timezone.ts';
import { namedToken } from './token.ts';

/**
 * Brings the values of an audience into canonical form. A request has it already; an audience that an
 * earlier version stored may not. A value without a canonical form is kept: dropping a condition would
 * widen the audience.
 */
export function canonicalAudience(audience: Audience): Audience {
  const { tokens, language, timeZone, country, and, or, not } = audience;
  return {
    ...audience,
    ...(tokens && { tokens: canonicalValues(tokens, namedToken) }),
    ...(language && { language: canonicalValues(language, languageOf) }),
    ...(timeZone && { timeZone: canonicalValues(timeZone, timeZoneOf) }),
    ...(country && { country: canonicalValues(country, countryOf) }),
    ...(and && { and: and.map(canonicalAudience) }),
    ...(or && { or: or.map(canonicalAudience) }),
    ...(not && { not: canonicalAudience(not) }),
  };
}

const canonicalValues = (values: string[], of: (value: string) => string | null) => [
  ...new Set(values.map((it) => of(it) ?? it)),
];
