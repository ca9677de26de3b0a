/** The conditions of an audience, each about one field of an installation. */

import * as z from 'zod';
import { isEmpty, NO_CONDITION } from '../audience/everybody.ts';
import { namedToken } from '../canonical/token.ts';
import { tokenForm } from '../platform.ts';
import { isRange } from '../version.ts';
import {
  country,
  installationId,
  languageTag,
  permission,
  platform,
  timeZone,
} from './registration.ts';
import { time } from './time.ts';

/** Ids in a list of a request. An audience of more ids is an upload. */
const MAX_IDS = 100;
const MAX_ATTRIBUTES = 20;
const MAX_DAYS = 3650;

export const many = <T extends z.ZodType>(item: T, max: number) =>
  z.array(item).min(1, NO_CONDITION).max(max);

const oneOrMany = <T extends z.ZodType>(item: T, max: number) =>
  z
    .union([item, many(item, max)])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

/** For the OpenAPI document, which does not show a check in code. */
export const SOMETHING = { minProperties: 1 };

/** Reports an object without a condition; not if it has other faults, such as a misspelt field. */
function checkNotEmpty(it: object, context: z.RefinementCtx) {
  if (context.issues.length === 0 && isEmpty(it))
    context.addIssue({ code: 'custom', message: NO_CONDITION });
}

const word = z.string().min(1).max(128);
const words = many(word, MAX_IDS).optional();

const tags = z
  .union([
    oneOrMany(word, MAX_IDS).transform((any) => ({ any })),
    z
      .strictObject({ any: words, all: words, none: words })
      .superRefine(checkNotEmpty)
      .meta(SOMETHING),
  ])
  .meta({ description: 'A list means any of them.' });

const text = z.string().max(256);
const scalar = z.union([text, z.number(), z.boolean()]);
const ordered = z.union([text, z.number()]).optional();
const comparison = z
  .strictObject({
    '=': scalar.optional(),
    '!=': scalar.optional(),
    '<': ordered,
    '<=': ordered,
    '>': ordered,
    '>=': ordered,
    in: many(scalar, MAX_IDS).optional(),
    exists: z.boolean().optional(),
  })
  .superRefine(checkNotEmpty)
  .meta(SOMETHING);
export type Comparison = z.output<typeof comparison>;

const attributes = z
  .record(
    z.string().min(1).max(64),
    z.union([scalar.transform((it): Comparison => ({ '=': it })), comparison]),
  )
  .superRefine(checkNotEmpty)
  .refine((it) => Object.keys(it).length <= MAX_ATTRIBUTES, {
    message: `may name ${MAX_ATTRIBUTES} attributes at most`,
  })
  .meta({
    ...SOMETHING,
    description:
      'By name: a value, or comparisons that must all hold. An attribute that is not there is ' +
      'not equal to anything, nor less or greater.',
    example: { plan: 'pro', age: { '>=': 18, '<': 30 }, city: { exists: true } },
  });

const days = z.int().min(1).max(MAX_DAYS).optional();
const lastSeen = z
  .strictObject({
    after: time.optional(),
    before: time.optional(),
    withinDays: days,
    notWithinDays: days,
  })
  .superRefine(checkNotEmpty)
  .meta({
    ...SOMETHING,
    description: 'When the app last registered. `after` is inclusive, `before` is not.',
  });

const earlier = z.strictObject({
  campaign: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, { message: 'must be the id of a campaign' }),
});

const token = z
  .string()
  .max(4096)
  .regex(tokenForm, { message: 'must be printable ASCII without spaces' })
  .transform(namedToken);

/** Lists of named recipients, each of one kind, for requests without an audience. */
export const names = {
  userIds: z.array(word).min(1).max(MAX_IDS).optional(),
  installationIds: z.array(installationId).min(1).max(MAX_IDS).optional(),
  tokens: z.array(token).min(1).max(MAX_IDS).optional(),
};

/** All conditions on one field; `and`, `or` and `not` are in audience.ts. */
export const conditions = z.strictObject({
  platform: oneOrMany(platform, 3).optional(),
  language: oneOrMany(languageTag, MAX_IDS)
    .optional()
    .meta({
      description:
        'Installations that read one of them, by CLDR: `pt` is `pt` and every `pt-…`, `pt-BR` is not ' +
        '`pt`; `es-419` is all of Latin America; `zh` is simplified, `zh-Hant` traditional; `no` ' +
        'is `nb`.',
    }),
  tags: tags.optional(),
  userIds: words,
  installationIds: many(installationId, MAX_IDS).optional(),
  tokens: many(token, MAX_IDS).optional(),
  attributes: attributes.optional(),
  appVersion: z
    .string()
    .min(1)
    .max(128)
    .refine(isRange, { message: 'must be a range such as ">=2.1.0 <3"' })
    .optional()
    .meta({
      description: 'A range of semver; 4.2 is 4.2.0. An installation without a version is in none.',
    }),
  lastSeen: lastSeen.optional(),
  timeZone: oneOrMany(timeZone, MAX_IDS).optional(),
  country: oneOrMany(country, MAX_IDS).optional(),
  permission: oneOrMany(permission, 3).optional().meta({
    description: 'An installation whose permission is not known has none of them.',
  }),
  opened: earlier.optional().meta({
    description:
      'Installations that reported that they opened that campaign, which is closed and of the same ' +
      'app. Receipts count up to the moment when the audience is read.',
  }),
  notOpened: earlier.optional().meta({
    description:
      'Installations whose push of that campaign was accepted, and that have not reported that they ' +
      'opened it.',
  }),
});
export type Conditions = z.output<typeof conditions>;
