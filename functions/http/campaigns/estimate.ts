/** The call that estimates a campaign: its reach and its problems, before anything is sent. */

import * as z from 'zod';
import { campaignRequestSchema } from '../../model/schemas/campaign.ts';
import { estimate } from '../../pipeline/audience/estimate.ts';
import type { Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';

const { name, message } = campaignRequestSchema.shape;

/** A campaign, or only its audience. */
const requestSchema = z
  .strictObject({
    ...campaignRequestSchema.shape,
    name: name.optional(),
    message: message.optional(),
  })
  .meta({ id: 'EstimateRequest' });

/** Stands for a message that is not written yet: short, and the same for all recipients. */
const NO_MESSAGE = message.parse({ title: '-' });

const counts = z.record(z.string(), z.int());

const estimateSchema = z
  .object({
    installations: z.int(),
    exact: z.boolean().meta({
      description: 'True if all were counted. A large audience is estimated from a fair sample.',
    }),
    counted: z.int().meta({ description: 'The size of that sample.' }),
    platforms: counts,
    providers: counts,
    languages: counts.meta({ description: 'The 50 most frequent; "" has none.' }),
    permissions: counts.meta({
      description: 'granted, denied, provisional; unknown: the app has not told.',
    }),
    visible: z.int().meta({
      description: 'How many can see anything: all but those whose permission is denied.',
    }),
    seconds: z.int().meta({
      description:
        'From the acknowledgement on, at 10,000 pushes a second to each provider (the default ' +
        "quota of FCM), or at the campaign's own pace.",
    }),
    problems: z.array(
      z.object({
        severity: z.enum(['error', 'warning']),
        kind: z.enum([
          'fault',
          'nobody',
          'no-credentials',
          'no-translation',
          'no-value',
          'too-large',
          'not-carried',
          'expired-tokens',
        ]),
        message: z.string(),
        installations: z.int(),
        examples: z.array(z.string()).meta({ description: 'Ids of a few of them.' }),
      }),
    ),
  })
  .meta({ id: 'Estimate' });
export type EstimateView = z.output<typeof estimateSchema>;

export const estimateCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/audiences:estimate',
    operationId: 'estimateAudience',
    summary: 'Estimate a campaign',
    description:
      'Takes a campaign as it would be sent, or only its audience. Nothing is sent, and nothing is ' +
      'stored.',
    scopes: ['read', 'campaigns'],
    takes: { body: requestSchema },
    responses: {
      200: {
        description:
          'The recipients it would reach. A problem of severity `error` keeps some from getting it.',
        content: { 'application/json': { schema: estimateSchema } },
      },
    },
    async handle({ body: { name = '-', message = NO_MESSAGE, ...rest } }, c) {
      const found: EstimateView = await estimate(ports, { ...rest, name, message });
      return c.json(found);
    },
  });
