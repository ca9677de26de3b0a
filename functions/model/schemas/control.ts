/** The parts of a request about when a campaign begins, and about its canary. */

import * as z from 'zod';
import { timeInMs } from './time.ts';

const LAST_YEAR = 9999;

export const scheduleSchema = z
  .strictObject({
    at: timeInMs
      .refine((it) => new Date(it).getUTCFullYear() <= LAST_YEAR, { message: 'is too far away' })
      .meta({
        type: 'string',
        format: 'date-time',
        description: 'When it begins; RFC 3339, not in the past.',
        example: '2026-12-24T18:00:00+01:00',
      }),
  })
  .meta({ id: 'CampaignSchedule' });

export const canarySchema = z
  .strictObject({
    percent: z.number().min(0.1).max(50).meta({
      description: 'About so many of the recipients go first, by chance.',
    }),
    holdSeconds: z
      .int()
      .min(0)
      .max(7 * 24 * 60 * 60)
      .default(60)
      .meta({ description: 'How long the others wait once all of the first have an outcome.' }),
    maxFailureRate: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .meta({
        description:
          'Of those with an outcome, the uninstalled not counted. Above it the campaign is ' +
          'paused, then and for the rest of it.',
      }),
  })
  .meta({ id: 'Canary' });
