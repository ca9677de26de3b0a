/** The call that estimates a campaign: its reach and its problems, before anything is sent. */

import * as z from 'zod';
import { rfc3339, rfc3339OrNull } from '../../lib/rfc3339.ts';
import { capSchema } from '../../model/schemas/app-policy.ts';
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

const quick = z
  .enum(['', 'true', 'false'])
  .optional()
  .meta({ description: '`?quick` alone, or `?quick=true`: a sample is looked at.' });

const counts = z.record(z.string(), z.int());
const time = z.iso.datetime().meta({ example: '2030-12-24T08:00:00.000Z' });

const estimateSchema = z
  .object({
    installations: z.int(),
    exact: z.boolean().meta({
      description: 'True if all were counted. A large audience is estimated from a fair sample.',
    }),
    interval: z.object({ low: z.int(), high: z.int() }).meta({
      description:
        'How many it is in 95 of 100 cases. Both ends are the same if it is exact; without a match in ' +
        'the sample the upper end says how many there may still be.',
    }),
    asOf: z.iso
      .datetime()
      .nullable()
      .meta({
        description:
          'Changes after that time may be missing: a quick estimate of a large registry reads what is ' +
          'kept packed of it. null: none is.',
      }),
    counted: z.int().meta({ description: 'The installations of the audience that were counted.' }),
    platforms: counts,
    providers: counts,
    languages: counts.meta({ description: 'The 50 most frequent; "" has none.' }),
    permissions: counts.meta({
      description: 'granted, denied, provisional; unknown: the app has not told.',
    }),
    visible: z.int().meta({
      description: 'How many can see anything: all but those whose permission is denied.',
    }),
    waves: z
      .array(
        z.object({
          at: time,
          zones: z.array(z.string()).meta({
            description:
              'Those in which some were counted, the most frequent first. Devices that tell none are in the default one.',
          }),
          installations: z.int(),
          held: z.boolean().meta({ description: 'They wait for the end of quiet hours.' }),
          late: z.boolean().meta({ description: 'Their time has passed, and they are skipped.' }),
        }),
      )
      .meta({
        description:
          'The installations by the instant at which they are sent to, the earliest first. [] if they are ' +
          'sent to immediately: the campaign has no local time, and no quiet hours hold for it.',
      }),
    held: z.object({ installations: z.int(), until: time }).nullable().meta({
      description:
        'How many wait for the end of quiet hours, and until when the last of them do. null: none do.',
    }),
    canary: z
      .object({ installations: z.int(), waves: z.int(), until: time.nullable() })
      .nullable()
      .meta({
        description:
          'How many are sent to first, in how many of the first waves (0: it has none), and when the last of ' +
          'these begins. null: it has no canary.',
      }),
    seconds: z.int().meta({
      description:
        'From the acknowledgement on, at 10,000 pushes a second to each provider (the default ' +
        "quota of FCM), or at the campaign's own pace. With waves, from the first of them on.",
    }),
    caps: z.array(capSchema).meta({
      description:
        'Caps of the app that hold for it. Devices over one of them are counted here as all others: ' +
        'who they are is known when the recipients are frozen.',
    }),
    costUsd: z.number().meta({
      description: 'About what it costs on Google Cloud, at list prices.',
      example: 0.0735,
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
          'not-capped',
          'expired-tokens',
          'no-zone',
          'late',
          'slow-wave',
          'small-canary',
        ]),
        message: z.string(),
        installations: z.int(),
        examples: z.array(z.string()).meta({ description: 'Ids of a few of them.' }),
      }),
    ),
  })
  .meta({ id: 'Estimate' });
export type EstimateView = z.output<typeof estimateSchema>;

const estimateView = ({
  asOf,
  waves,
  held,
  canary,
  ...rest
}: Awaited<ReturnType<typeof estimate>>) =>
  ({
    ...rest,
    asOf: rfc3339OrNull(asOf),
    waves: waves.map(({ at, zones, installations, isHeld, isLate }) => ({
      at: rfc3339(at),
      zones,
      installations,
      held: isHeld,
      late: isLate,
    })),
    held: held && { installations: held.installations, until: rfc3339(held.until) },
    canary: canary && { ...canary, until: rfc3339OrNull(canary.until) },
  }) satisfies EstimateView;

export const estimateCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/audiences:estimate',
    operationId: 'estimateAudience',
    summary: 'Estimate a campaign',
    description:
      'Takes a campaign as it would be sent, or only its audience. Nothing is sent, and nothing is ' +
      'stored. With `?quick` a sample of a few thousand installations is looked at, whatever the size ' +
      'of the registry: in a fraction of a second, for about a tenth of a US cent at most.',
    scopes: ['read', 'campaigns'],
    takes: { query: z.strictObject({ quick }), body: requestSchema },
    responses: {
      200: {
        description:
          'The recipients it would reach. A problem of severity `error` keeps some from getting it.',
        content: { 'application/json': { schema: estimateSchema } },
      },
    },
    async handle({ query: { quick }, body: { name = '-', message = NO_MESSAGE, ...rest } }, c) {
      const isQuick = quick === '' || quick === 'true';
      return c.json(estimateView(await estimate(ports, { ...rest, name, message }, isQuick)));
    },
  });
