/**
 * Which conditions of an audience an installation does not meet. Each part of the audience is asked for
 * alone, by what decides who is a recipient (`holds`), so there is no second meaning of a condition.
 */

import { shortToken } from '../../lib/redact.ts';
import type { Audience, AudienceExpression } from '../schemas/audience.ts';
import { audienceText } from './audience-text.ts';
import { holds, type Matchable } from './matches.ts';

type Scalar = string | number | boolean;

export interface Unmet {
  /** within the audience as it was sent, such as `and[0].tags.any`, `or[1].language`, `segment(vip).country` */
  path: string;
  /** the condition in words: `language de` */
  condition: string;
  /** what the installation has there; null: nothing */
  value: Scalar | Scalar[] | null;
}

/**
 * The conditions of a resolved audience that the installation does not meet; [] if it meets all. Of an
 * `or` none of whose parts holds these are the ones of every part: meeting those of one part suffices.
 * `said` is the audience as it was sent, which names the segments.
 */
export function unmetIn(
  audience: Audience,
  it: Matchable,
  said: AudienceExpression = audience,
  path = '',
): Unmet[] {
  return Object.entries(audience).flatMap(([name, wanted]): Unmet[] => {
    if (wanted === undefined || holds({ [name]: wanted }, it)) return [];
    const at = `${path}${name}`;
    if (name === 'and') return unmetInAll(audience.and!, it, said, path);
    if (name === 'or')
      return audience.or!.flatMap((each, i) => unmetIn(each, it, said.or?.[i], `${at}[${i}].`));
    if (name === 'not') return [unmetNot(audience.not!, it, at)];
    if (name === 'tags' || name === 'attributes' || name === 'lastSeen')
      return unmetWithin(name, wanted, it, at);
    return [{ path: at, condition: textOf(name, wanted), value: valueNow(name, it) }];
  });
}

/** A segment is the last of `and`: see resolved.ts. */
function unmetInAll(all: Audience[], it: Matchable, said: AudienceExpression, path: string) {
  const own = said.and?.length ?? 0;
  const { segment } = said;
  return all.flatMap((each, i) =>
    i < own || segment === undefined
      ? unmetIn(each, it, said.and?.[i], `${path}and[${i}].`)
      : unmetIn(each, it, undefined, `${path}segment(${segment}).`),
  );
}

const unmetNot = (excluded: Audience, it: Matchable, path: string): Unmet => {
  const names = Object.keys(excluded);
  const [only] = names;
  const isPlain = names.length === 1 && only !== undefined && !COMBINED.has(only);
  return {
    path,
    condition: textOf('not', excluded),
    value: isPlain ? valueWithin(only, excluded, it) : null,
  };
};

const COMBINED = new Set(['and', 'or', 'not']);

/** An excluded attribute is the value of that attribute, not of all. */
function valueWithin(name: string, excluded: Audience, it: Matchable): Unmet['value'] {
  const attributes = Object.keys(excluded.attributes ?? {});
  return name === 'attributes' && attributes.length === 1
    ? attributeOf(it, attributes[0]!)
    : valueNow(name, it);
}

/** The parts of a condition that has several: those of tags, of each attribute, and of `lastSeen`. */
function unmetWithin(
  name: 'tags' | 'attributes' | 'lastSeen',
  wanted: object,
  it: Matchable,
  path: string,
): Unmet[] {
  return Object.entries(wanted).flatMap(([part, value]): Unmet[] => {
    if (value === undefined || holds({ [name]: { [part]: value } } as Audience, it)) return [];
    const at = `${path}.${part}`;
    if (name !== 'attributes')
      return [{ path: at, condition: textOf(name, { [part]: value }), value: valueNow(name, it) }];
    return Object.entries(value as object).flatMap(([how, operand]): Unmet[] => {
      const alone = { [part]: { [how]: operand } };
      if (operand === undefined || holds({ attributes: alone }, it)) return [];
      return [{ path: at, condition: textOf(name, alone), value: attributeOf(it, part) }];
    });
  });
}

const textOf = (name: string, wanted: unknown) => audienceText({ [name]: wanted });

const attributeOf = ({ attributes }: Matchable, name: string): Scalar | null =>
  (Object.hasOwn(attributes, name) ? attributes[name] : undefined) ?? null;

function valueNow(name: string, it: Matchable): Unmet['value'] {
  const values: Record<string, Scalar | Scalar[] | undefined> = {
    platform: it.platform,
    language: it.language,
    tags: it.tags,
    userIds: it.userId,
    installationIds: it.id,
    tokens: shortToken(it.token),
    timeZone: it.timeZone,
    country: it.country,
    permission: it.permission,
    lastSeen: new Date(it.refreshedAt).toISOString(),
    appVersion: it.appVersion,
  };
  return values[name] ?? null;
}
