/** Countries: ISO 3166-1 alpha-2 in capitals. */

import { pairsOf } from './entries.ts';
import { countries } from './tables.ts';

const current = new Map(pairsOf(countries));

/**
 * The code in capitals for two letters in any case; null for other texts. A withdrawn code becomes its
 * successor.
 */
export function countryOf(text: string): string | null {
  if (!/^[a-z]{2}$/i.test(text)) return null;
  const code = text.toUpperCase();
  return current.get(code) ?? code;
}
