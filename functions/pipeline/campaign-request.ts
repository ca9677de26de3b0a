/**
 * What is asked of a campaign. The schemas are the one description of a request: the API validates
 * with them, the OpenAPI document is made from them, and the types are inferred from them.
 *
 * Only what answers such requests imports this file, since the schemas' library takes 60 ms of each
 * cold start: that is why it is apart from campaign.ts.
 */

import { z } from '@hono/zod-openapi';
import { installationId, platform } from './registration.ts';

/** Bounds of a request. An audience of more ids than this comes as an import with a tag. */
const MAX_IDS = 100;
/** FCM keeps a message four weeks at most; APNs has no documented bound. */
const MAX_TTL_SECONDS = 28 * 24 * 60 * 60;
const DEFAULT_TTL_SECONDS = 24 * 60 * 60;
const MAX_OVERRIDE_BYTES = 8 * 1024;

const oneOrMany = <T extends z.ZodType>(item: T, max: number) =>
  z
    .union([item, z.array(item).min(1).max(max)])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

const word = z.string().min(1).max(128);

const tags = z
  .union([
    oneOrMany(word, MAX_IDS).transform((any) => ({ any })),
    z.strictObject({
      any: z.array(word).min(1).max(MAX_IDS).optional(),
      all: z.array(word).min(1).max(MAX_IDS).optional(),
      none: z.array(word).min(1).max(MAX_IDS).optional(),
    }),
  ])
  .openapi({ description: 'A list means any of them.' });

/** Every named condition must hold; an empty audience is everybody in the app. */
const conditions = z.strictObject({
  platform: oneOrMany(platform, 3).optional(),
  language: oneOrMany(z.string().min(2).max(35), MAX_IDS).optional(),
  tags: tags.optional(),
  userIds: z.array(word).min(1).max(MAX_IDS).optional(),
  installationIds: z.array(installationId).min(1).max(MAX_IDS).optional(),
  tokens: z.array(z.string().min(1).max(4096)).min(1).max(MAX_IDS).optional(),
});
/** A store is asked for installations, and never for a topic: it would answer with everybody. */
export type Audience = z.output<typeof conditions> & { topic?: never; condition?: never };

/** https://firebase.google.com/docs/cloud-messaging/send-topic-messages */
const topicName = '[\\w.~%-]{1,900}';
const MAX_TOPICS = 5;

export const audienceSchema = z
  .strictObject({
    ...conditions.shape,
    topic: z
      .string()
      .regex(new RegExp(`^${topicName}$`), {
        message: 'must be letters, digits and - _ . ~ %, as apps subscribe to it',
      })
      .optional()
      .openapi({ description: "One message to a topic of FCM's; goes with nothing else." }),
    condition: z
      .string()
      .max(4096)
      .regex(new RegExp(`^(?:'${topicName}' in topics|&&|\\|\\||[!() ])+$`), {
        message: "must be such as 'a' in topics && ('b' in topics || 'c' in topics)",
      })
      .refine((it) => it.split(' in topics').length - 1 <= MAX_TOPICS, {
        message: `may name ${MAX_TOPICS} topics at most`,
      })
      .optional()
      .openapi({ description: 'One message to whom it holds for; goes with nothing else.' }),
  })
  .superRefine((it, context) => {
    for (const path of ['topic', 'condition'] as const)
      if (it[path] !== undefined && Object.keys(it).length > 1)
        context.addIssue({
          ...{ code: 'custom', path: [path] },
          message: 'goes with nothing else: FCM knows who that is, Volley does not',
        });
  })
  .openapi('Audience');

/** An object merged over what Volley builds; bounded, since it is stored with every campaign. */
const override = z
  .record(z.string(), z.unknown())
  .refine((value) => JSON.stringify(value).length <= MAX_OVERRIDE_BYTES, {
    message: `must be at most ${MAX_OVERRIDE_BYTES} bytes of JSON`,
  });

/** What APNs calls them; each has its topic, its priorities and its size. */
export const apnsPushTypes = [
  'alert',
  'background',
  'voip',
  'complication',
  'fileprovider',
  'mdm',
  'location',
  'liveactivity',
  'pushtotalk',
  'controls',
  'widgets',
] as const;
export type ApnsPushType = (typeof apnsPushTypes)[number];

const apnsOptions = z
  .strictObject({
    pushType: z
      .enum(apnsPushTypes)
      .optional()
      .openapi({
        description:
          'alert when the payload shows, sounds or badges, background otherwise, unless named. ' +
          'The topic follows from it: app.bundle.id.voip for voip, and so on.',
      }),
    priority: z
      .union([z.literal(10), z.literal(5), z.literal(1)])
      .optional()
      .openapi({
        description:
          'Of apns-priority: 10 at once, 5 as the battery allows, 1 without waking the device. ' +
          '10 for high, 5 for normal and for background, unless given.',
      }),
    payload: override
      .optional()
      .openapi({ description: 'Merged over the APNs payload; aps is in here.' }),
  })
  .openapi('ApnsOptions');

export const messageSchema = z
  .strictObject({
    title: z.string().min(1).max(1024).optional(),
    body: z.string().min(1).max(4096).optional(),
    data: z.record(z.string().min(1).max(128), z.string()).optional(),
    imageUrl: z
      .url({ protocol: /^https$/ })
      .max(2048)
      .optional(),
    sound: z.string().min(1).max(128).optional(),
    badge: z.int().min(0).max(99_999).optional(),
    ttlSeconds: z.int().min(0).max(MAX_TTL_SECONDS).default(DEFAULT_TTL_SECONDS),
    collapseId: z
      .string()
      .min(1)
      .refine((id) => Buffer.byteLength(id) <= 64, { message: 'must be at most 64 bytes' })
      .regex(/^[\x20-\x7e]+$/, { message: 'must be printable ASCII' })
      .optional(),
    priority: z.enum(['high', 'normal']).default('high'),
    webLink: z
      .url({ protocol: /^https$/ })
      .max(2048)
      .optional()
      .openapi({ description: 'Opened by a click on a web push; apps find theirs in data.' }),
    analyticsLabel: z
      .string()
      .regex(/^[\w.~%-]{1,50}$/, { message: 'must be 1 to 50 letters, digits and - _ . ~ %' })
      .optional()
      .openapi({ description: "Under which Firebase's delivery reports count an FCM message." }),
    apns: apnsOptions.optional(),
    fcm: override.optional().openapi({ description: 'Merged over the FCM message.' }),
  })
  .openapi('Message');
export type Message = z.output<typeof messageSchema>;

export const campaignRequestSchema = z
  .strictObject({
    name: z.string().min(1).max(200),
    app: z.string().min(1).max(64).default('default'),
    audience: audienceSchema,
    message: messageSchema,
    rate: z.strictObject({ perMinute: z.int().min(60).max(10_000_000) }).optional(),
    dryRun: z
      .boolean()
      .default(false)
      .openapi({
        description:
          'Goes the whole way but sends nothing: everybody is skipped, except whom FCM, which can ' +
          'be asked, would refuse. Those have failed; their tokens are kept.',
      }),
  })
  .openapi('CampaignRequest');
/** What is to be sent, as it was asked for, or as a schedule asks for it. */
export type CampaignRequest = z.output<typeof campaignRequestSchema> & { scheduleId?: string };
