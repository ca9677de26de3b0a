/**
 * An audience: conditions on installations, in a request (the schema) and resolved (`Audience`).
 *
 * The fields of one object must all hold; `and`, `or` and `not` combine objects. What a request says
 * relative to something else (a segment by its name, "within 30 days") is made absolute when a campaign
 * is accepted (`../audience/resolved.ts`), so that every shard asks the same. What each condition means
 * is said in `../audience/matches.ts`. Only what answers requests imports this file, as with
 * campaign.ts; the types are for all.
 */

import * as z from 'zod';
import { boundsOf, MAX_OBJECTS } from '../audience/bounds.ts';
import { conditionFault, topicName } from '../audience/condition.ts';
import { audienceFault, withoutEverybody } from '../audience/everybody.ts';
import { earlierIn, MAX_EARLIER } from '../audience/past.ts';
import { segmentsIn } from '../audience/segments.ts';
import { environments } from '../platform.ts';
import { type Provider, providers, serves, servesOnly } from '../provider/registry.ts';
import { type Conditions, conditions, many, SOMETHING } from './conditions.ts';
import { platform } from './registration.ts';

export const segmentName = z
  .string()
  .regex(/^[\w.-]{1,64}$/, { message: 'must be 1 to 64 letters, digits and - _ .' });

const everybody = z.literal(true, 'must be true, or be left out').optional().meta({
  description: 'All installations of the app. Goes with nothing else.',
});

/**
 * Reports an audience, or a part of it, without a condition, or with `everybody` beside other
 * conditions.
 */
function checkFields(it: object, context: z.RefinementCtx) {
  const fault = context.issues.length === 0 ? audienceFault(it) : null;
  if (fault !== null) context.addIssue({ code: 'custom', ...fault });
}

/** An audience as it is stored: for `everybody` it is the object without a condition. */
export interface AudienceExpression extends Conditions {
  segment?: string | undefined;
  and?: AudienceExpression[] | undefined;
  or?: AudienceExpression[] | undefined;
  not?: AudienceExpression | undefined;
}

/**
 * The resolved audience, which a store reads: absolute, and never a topic, which a store would take for
 * everybody. An installation that has opted out is in no audience.
 */
export interface Audience extends Omit<Conditions, 'lastSeen'> {
  lastSeen?: { after?: string | undefined; before?: string | undefined } | undefined;
  /** the category of the message: installations that have opted out of it are not in the audience */
  category?: string | undefined;
  and?: Audience[] | undefined;
  or?: Audience[] | undefined;
  not?: Audience | undefined;
  segment?: never;
  upload?: never;
  unregistered?: never;
  topic?: never;
  condition?: never;
}

const several = many(
  z.lazy(() => expression),
  MAX_OBJECTS,
);

/** Getters, since the schema refers to itself: zod reads them when it is first used. */
const expression: z.ZodType<AudienceExpression> = z
  .strictObject({
    everybody,
    ...conditions.shape,
    segment: segmentName
      .optional()
      .meta({ description: 'A saved audience, as of the acceptance.' }),
    get and() {
      return many(expression, MAX_OBJECTS).optional();
    },
    get or() {
      return many(expression, MAX_OBJECTS).optional();
    },
    get not() {
      return expression.optional();
    },
  })
  .superRefine(checkFields)
  .transform(withoutEverybody)
  .meta({ id: 'AudienceExpression', ...SOMETHING });

/** The platform and provider of tokens that no installation has. */
const unregistered = z
  .strictObject({
    platform,
    provider: z.enum(providers).optional(),
    environment: z.enum(environments).default('production'),
  })
  .refine((it) => it.provider === undefined || serves(it.provider, it.platform), {
    path: ['provider'],
    error: ({ input }) => servesOnly((input as { provider: Provider }).provider),
  })
  .meta({
    id: 'Unregistered',
    description:
      'Tokens that no installation has are sent to as well: they are of this platform. apns for ' +
      'ios, fcm for the others, unless named.',
  });
export type Unregistered = z.output<typeof unregistered>;

/** Refuses a value that is too deep or too large, before anything else reads it. */
function bounded(value: unknown, context: z.RefinementCtx): unknown {
  const fault = boundsOf(value);
  if (fault === null) return value;
  context.addIssue({ code: 'custom', message: fault });
  return z.NEVER;
}

export const audienceSchema = z
  .preprocess(
    bounded,
    z
      .strictObject({
        everybody,
        ...conditions.shape,
        segment: segmentName.optional(),
        and: several.optional(),
        or: several.optional(),
        not: expression.optional(),
        upload: z
          .string()
          .regex(/^[0-9a-f]{20}$/, { message: 'must be an id that POST /v1/audiences gave' })
          .optional()
          .meta({
            description: 'Installations that this upload names and that meet the other conditions.',
          }),
        unregistered: unregistered.optional(),
        topic: z
          .string()
          .regex(new RegExp(`^${topicName}$`), {
            message: 'must be letters, digits and - _ . ~ %, as apps subscribe to it',
          })
          .optional()
          .meta({ description: "One message to a topic of FCM's; goes with nothing else." }),
        condition: z
          .string()
          .max(4096)
          .superRefine((it, context) => {
            const fault = conditionFault(it);
            if (fault !== null) context.addIssue({ code: 'custom', message: fault });
          })
          .optional()
          .meta({ description: 'One message to all for which it holds; goes with nothing else.' }),
      })
      .superRefine((it, context) => {
        if (it.unregistered && !it.tokens && it.upload === undefined)
          context.addIssue({
            code: 'custom',
            path: ['unregistered'],
            message: 'goes with tokens, or an upload of tokens',
          });
        for (const path of ['topic', 'condition'] as const)
          if (it[path] !== undefined && Object.keys(it).length > 1)
            context.addIssue({
              code: 'custom',
              path: [path],
              message: 'goes with nothing else: FCM knows who that is, Volley does not',
            });
      })
      .superRefine(checkFields)
      .transform(withoutEverybody),
  )
  .meta({
    id: 'Audience',
    ...SOMETHING,
    example: { platform: ['ios', 'android'], language: 'en' },
  });
export type AudienceRequest = z.output<typeof audienceSchema>;

/** The audience of a segment. It may name no other segment, so that one place shows all of it. */
export const segmentAudience = z
  .preprocess(
    bounded,
    expression.superRefine((it, context) => {
      if (segmentsIn(it).length > 0)
        context.addIssue({ code: 'custom', message: 'a segment may not name another segment' });
      const earlier = earlierIn(it).length;
      if (earlier > MAX_EARLIER)
        context.addIssue({
          code: 'custom',
          message: `asks about ${earlier} earlier campaigns: ${MAX_EARLIER} are allowed`,
        });
    }),
  )
  .meta({ id: 'SegmentAudience' });
