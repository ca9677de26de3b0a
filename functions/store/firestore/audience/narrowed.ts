/**
 * What Firestore's indexes find of an audience. A read document is paid for, so an index narrows as far
 * as it can: ids, tokens, user ids, a tag, platform and language, or time zones, of the audience itself or of
 * any that must hold with it. Tags together with others would be found by merging indexes, slowly, and
 * `none` not at all; https://firebase.google.com/docs/firestore/query-data/index-overview
 */

import type { Query } from '@google-cloud/firestore';
import { chunked } from '../../../lib/chunked.ts';
import { languageKey } from '../../../model/canonical/language.ts';
import { platforms } from '../../../model/platform.ts';
import type { Audience } from '../../../model/schemas/audience.ts';
import { type InstallationFields, spokenOn } from '../schema.ts';

/** Alternatives in one query: `in` and `array-contains-any`, multiplied. */
const MAX_ALTERNATIVES = 30;

/**
 * By ids, by tokens, or by queries that together find everybody in it, and others. An installation may
 * be found by two of them, for two tags. `names`: its recipients are named, so they are few. `all`: no
 * index narrows it.
 */
export type Narrowed =
  | { kind: 'ids'; installationIds: string[] }
  | { kind: 'tokens'; tokens: string[] }
  | {
      kind: 'names' | 'some' | 'all';
      queries: Query[];
      /** the same by time zones, where another index is named above: one of both finds fewer */
      zoned?: Query[] | undefined;
    };

/** The audience and all that must hold with it. */
const conjuncts = (audience: Audience): Audience[] => [
  audience,
  ...(audience.and ?? []).flatMap(conjuncts),
];

export function narrowed(all: Query, audience: Audience): Narrowed {
  const together = conjuncts(audience);
  const first = <T>(of: (it: Audience) => T | undefined): T | undefined =>
    together.map(of).find((it) => it !== undefined);
  const anyOf = (field: keyof InstallationFields, how: 'in' | 'array-contains-any', of: string[]) =>
    chunked([...new Set(of)], MAX_ALTERNATIVES).map((group) => all.where(field, how, group));
  const installationIds = first((it) => it.installationIds);
  if (installationIds) return { kind: 'ids', installationIds };
  const tokens = first((it) => it.tokens);
  if (tokens) return { kind: 'tokens', tokens };
  const userIds = first((it) => it.userIds);
  if (userIds) return { kind: 'names', queries: anyOf('userId', 'in', userIds) };
  const zones = first((it) => it.timeZone);
  const zoned = zones && anyOf('timeZone', 'in', zones);
  const tagged = (it: Audience): { any?: string[] | undefined; all?: string[] | undefined } =>
    it.tags ?? {};
  const every = first((it) => tagged(it).all);
  if (every)
    return { kind: 'some', queries: [all.where('tags', 'array-contains', every[0])], zoned };
  const any = first((it) => tagged(it).any);
  if (any) return { kind: 'some', queries: anyOf('tags', 'array-contains-any', any), zoned };
  const platform = first((it) => it.platform);
  const on = platform && new Set(platform).size < platforms.length ? platform : undefined;
  const language = first((it) => it.language)?.map(languageKey);
  if (language) {
    const spoken = on ? language.flatMap((it) => on.map((each) => spokenOn(each, it))) : language;
    return { kind: 'some', queries: anyOf('spoken', 'array-contains-any', spoken), zoned };
  }
  if (on) return { kind: 'some', queries: anyOf('platform', 'in', on), zoned };
  if (zoned) return { kind: 'some', queries: zoned };
  return { kind: 'all', queries: [all] };
}
