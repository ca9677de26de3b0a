/**
 * Whether an installation is in an audience. A store may decide some conditions by an index; all others
 * are decided here, and so is every case in doubt. Both are in canonical form: see ../canonical/.
 */

import { isLanguage } from '../canonical/language.ts';
import type { Installation } from '../installation.ts';
import type { Audience } from '../schemas/audience.ts';
import type { Comparison } from '../schemas/conditions.ts';
import { isVersionIn } from '../version.ts';
import { type Pasts, pastIn } from './past.ts';

export type Matchable = Omit<Installation, 'app' | 'bucket' | 'environment' | 'provider'> & {
  /** there if the audience asks for it */
  pasts?: Pasts;
};

/** Whether a resolved audience holds an installation. One that has opted out is in no audience. */
export const matches = (audience: Audience, it: Matchable): boolean =>
  it.optedOut !== true && holds(audience, it);

/** The same, whether it has opted out or not. */
export function holds(audience: Audience, it: Matchable): boolean {
  const { platform, language, tags, userIds, installationIds, tokens } = audience;
  if (platform && !platform.includes(it.platform)) return false;
  if (language && !language.some((range) => isLanguage(range, it.language))) return false;
  if (userIds && !isOneOf(userIds, it.userId)) return false;
  if (installationIds && !installationIds.includes(it.id)) return false;
  if (tokens && !tokens.includes(it.token)) return false;
  if (audience.timeZone && !isOneOf(audience.timeZone, it.timeZone)) return false;
  if (audience.country && !isOneOf(audience.country, it.country)) return false;
  if (audience.permission && !isOneOf(audience.permission, it.permission)) return false;
  if (audience.category && it.optedOutOf?.includes(audience.category)) return false;
  if (audience.lastSeen && !wasSeen(audience.lastSeen, it.refreshedAt)) return false;
  if (audience.appVersion && !isVersionIn(audience.appVersion, it.appVersion)) return false;
  if (tags && !hasTags(tags, it.tags)) return false;
  if (audience.attributes && !hasAttributes(audience.attributes, it.attributes)) return false;
  if (audience.opened && !pastIn(it.pasts, audience.opened.campaign).opened) return false;
  if (audience.notOpened && !hasNotOpened(it.pasts, audience.notOpened.campaign)) return false;
  if (audience.and && !audience.and.every((each) => holds(each, it))) return false;
  if (audience.or && !audience.or.some((each) => holds(each, it))) return false;
  return !(audience.not && holds(audience.not, it));
}

function hasNotOpened(pasts: Pasts | undefined, campaign: string): boolean {
  const { accepted, opened } = pastIn(pasts, campaign);
  return accepted && !opened;
}

const isOneOf = (list: string[], it: string | undefined) => it !== undefined && list.includes(it);

/** `after` is inclusive, `before` is not. `at`: ms since the epoch. */
function wasSeen({ after, before }: NonNullable<Audience['lastSeen']>, at: number): boolean {
  if (after !== undefined && at < Date.parse(after)) return false;
  return before === undefined || at < Date.parse(before);
}

function hasTags(wanted: NonNullable<Audience['tags']>, tags: string[]): boolean {
  const {
    any,
    all,
    none,
  }: { any?: string[] | undefined; all?: string[] | undefined; none?: string[] | undefined } =
    wanted;
  if (any && !any.some((tag) => tags.includes(tag))) return false;
  if (all && !all.every((tag) => tags.includes(tag))) return false;
  return !none?.some((tag) => tags.includes(tag));
}

type Scalar = string | number | boolean;

function hasAttributes(wanted: Record<string, Comparison>, attributes: Record<string, Scalar>) {
  for (const [name, comparison] of Object.entries(wanted)) {
    const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (!compares(comparison, value)) return false;
  }
  return true;
}

/**
 * Whether all comparisons hold. The value is read as the type it is compared with, if that is possible:
 * a CSV file has only texts, so "41" compares with a number as 41, and "true" with a boolean as true.
 * Texts are ordered by their UTF-16 code units, so dates and times of one format are in order.
 */
function compares(it: Comparison, value: Scalar | undefined): boolean {
  if (it.exists !== undefined && it.exists !== (value !== undefined)) return false;
  if (it['='] !== undefined && readAs(it['='], value) !== it['=']) return false;
  if (it['!='] !== undefined && readAs(it['!='], value) === it['!=']) return false;
  if (it.in && !it.in.some((each) => readAs(each, value) === each)) return false;
  if (it['<'] !== undefined && !(readAs(it['<'], value)! < it['<'])) return false;
  if (it['<='] !== undefined && !(readAs(it['<='], value)! <= it['<='])) return false;
  if (it['>'] !== undefined && !(readAs(it['>'], value)! > it['>'])) return false;
  return it['>='] === undefined || readAs(it['>='], value)! >= it['>='];
}

const decimal = /^-?\d+(?:\.\d+)?$/;

/** Undefined if the value cannot be read as that type; it is then neither equal, less nor greater. */
function readAs<T extends Scalar>(like: T, value: Scalar | undefined): T | undefined;
function readAs(like: Scalar, value: Scalar | undefined): Scalar | undefined {
  if (value === undefined || typeof value === typeof like) return value;
  if (typeof like === 'string') return String(value);
  if (typeof like === 'number')
    return typeof value === 'string' && decimal.test(value) ? Number(value) : undefined;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}
