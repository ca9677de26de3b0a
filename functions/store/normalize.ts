/** Installations that an earlier version stored, brought into the form of today's. */

import { countryOf } from '../model/canonical/country.ts';
import { languageOf } from '../model/canonical/language-tag.ts';
import { timeZoneOf } from '../model/canonical/timezone.ts';
import { tokenOf } from '../model/canonical/token.ts';
import type { Installation } from '../model/installation.ts';

type Formed = Pick<Installation, 'provider' | 'token'> & {
  [field in 'language' | 'timeZone' | 'country']?: string | null | undefined;
};

/** What has no form stays as it is: it is no fault of the device's. */
const formed = (value: string | null | undefined, of: (it: string) => string | null) =>
  value == null ? value : (of(value) ?? value);

/** What must change of it; null for one that is in form. */
export function formOf(it: Formed): Partial<Pick<Installation, keyof Formed>> | null {
  const form = {
    token: tokenOf(it.provider, it.token),
    language: formed(it.language, languageOf),
    timeZone: formed(it.timeZone, timeZoneOf),
    country: formed(it.country, countryOf),
  };
  const changed = (Object.keys(form) as (keyof typeof form)[]).filter(
    (name) => form[name] !== it[name],
  );
  return changed.length === 0
    ? null
    : Object.fromEntries(changed.map((name) => [name, form[name] as string]));
}

/**
 * Where several have one token now, the one that was refreshed last keeps it. `rows` are in form and
 * about to be written; `holders` are stored with one of their tokens. `lost` are of both.
 */
export function settled(
  rows: Installation[],
  holders: Installation[],
): { kept: Installation[]; lost: Installation[] } {
  const keyOf = (it: Installation) => `${it.app}\n${it.token}`;
  // each once, and as it is to be written
  const all = new Map([...holders, ...rows].map((it) => [`${it.app}\n${it.id}`, it]));
  const last = new Map<string, Installation>();
  for (const it of all.values()) {
    const other = last.get(keyOf(it));
    if (!other || isLater(it, other)) last.set(keyOf(it), it);
  }
  const hasLost = (it: Installation) => last.get(keyOf(it)) !== it;
  return {
    kept: rows.filter((it) => !hasLost(it)),
    lost: [...all.values()].filter(hasLost),
  };
}

/** Two that were refreshed at the same time always have the same order. */
const isLater = (a: Installation, b: Installation) =>
  a.refreshedAt === b.refreshedAt ? a.id > b.id : a.refreshedAt > b.refreshedAt;
