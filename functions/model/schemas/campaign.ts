/**
 * The request of a campaign. The schemas are the one description of a request: the API validates with
 * them, the OpenAPI document is made from them, and the types are inferred from them.
 *
 * It is apart from ../campaign.ts since zod takes 60 ms of each cold start. Only code that answers such
 * requests imports it, and the other schemas with checks; types may be imported everywhere.
 */

import * as z from 'zod';
import { namesPeople } from '../audience/names.ts';
import { audienceSchema } from './audience.ts';
import { canarySchema, scheduleSchema } from './control.ts';
import { messageSchema } from './message.ts';

export const NO_NAMES = 'of a test names its people: userIds, installationIds or tokens';

export const campaignRequestSchema = z
  .strictObject({
    name: z.string().min(1).max(200),
    app: z.string().min(1).max(64).default('default'),
    audience: audienceSchema,
    message: messageSchema,
    rate: z.strictObject({ perMinute: z.int().min(60).max(10_000_000) }).optional(),
    schedule: scheduleSchema.optional(),
    canary: canarySchema.optional(),
    dryRun: z
      .boolean()
      .default(false)
      .meta({
        description:
          'Does everything but send: recipients are skipped, except those that FCM, which can check a ' +
          'push, would refuse. Those have failed; their tokens are kept.',
      }),
    test: z.boolean().optional().meta({
      description: 'To the people named in the audience alone, and marked as a test ever after.',
    }),
  })
  .superRefine(({ test, audience }, context) => {
    if (test && !namesPeople(audience))
      context.addIssue({ code: 'custom', path: ['audience'], message: NO_NAMES });
  })
  .meta({ id: 'CampaignRequest' });
/** The request of a campaign, from the API, a schedule, a retry or an inbound webhook. */
export type CampaignRequest = z.output<typeof campaignRequestSchema> & {
  scheduleId?: string;
  /** left out: a campaign (`campaignKinds`) */
  kind?: 'message' | 'trigger';
  /** its recipients are the failures of that campaign */
  retryOf?: string;
};
