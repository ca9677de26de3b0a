/** Time zones: IANA's current name of each, for older names and any case. */

import { entriesOf } from './entries.ts';
import { remembered } from './remembered.ts';
import { zones } from './tables.ts';

const current = new Map<string, string>();
for (const names of entriesOf(zones))
  for (const name of names) current.set(name.toLowerCase(), names[0]!);

/**
 * The current name: `Asia/Kolkata` for Asia/Calcutta and asia/kolkata; null for a text that is no name,
 * such as `+02:00`. Not by Intl, which gives ICU's name (Asia/Calcutta), and may give another in a
 * later Node.
 */
export const timeZoneOf = remembered((text) => current.get(text.toLowerCase()) ?? null);
