/** Time zones: IANA's current name of each, whatever older name or case it comes in. */

import { remembered } from './remembered.ts';
import { zones } from './tables.ts';

const current = new Map<string, string>();
for (const line of zones.trim().split('\n')) {
  const names = line.split(' ');
  for (const name of names) current.set(name.toLowerCase(), names[0]!);
}

/**
 * `Asia/Kolkata` for Asia/Calcutta and asia/kolkata; null for what is no name, such as `+02:00`.
 * Not Intl's answer: that is ICU's name (Asia/Calcutta), and another one after an update of Node.
 */
export const timeZoneOf = remembered((text) => current.get(text.toLowerCase()) ?? null);
