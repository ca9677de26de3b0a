/** The request of a schedule. Only code that answers requests imports this file, as with campaign.ts. */

import * as z from 'zod';
import { timeZoneOf } from '../canonical/timezone.ts';
import { cronFault } from '../cron.ts';
import { campaignRequestSchema } from './campaign.ts';
import { timeInMs } from './time.ts';
import { zone } from './zone.ts';

const cron = z
  .string()
  .max(200)
  .meta({
    description:
      'Minute, hour, day of the month, month, day of the week. A time that a change to summer ' +
      'time leaves out runs when the clock has jumped; one that comes twice in autumn runs once.',
    example: '30 9 * * 1-5',
  });

const timeZone = zone
  .prefault('UTC')
  .meta({ description: "Kept as IANA's current name: `UTC` is `Etc/UTC`." });

export const scheduleRequestSchema = z
  .strictObject({
    name: z.string().min(1).max(200),
    cron,
    timeZone,
    until: timeInMs.optional().meta({ type: 'string', format: 'date-time' }),
    maxRuns: z.int().min(1).max(1_000_000).optional(),
    missed: z.enum(['once', 'skip']).default('once').meta({
      description:
        'What becomes of runs whose time passed while the system was down: one run makes up for all of them, or none.',
    }),
    campaign: campaignRequestSchema,
  })
  .superRefine((it, context) => {
    if (it.campaign.schedule)
      context.addIssue({
        code: 'custom',
        path: ['campaign', 'schedule'],
        message: 'goes with a campaign that is sent once; cron says when these begin',
      });
    const fault = cronFault(it.cron, timeZoneOf(it.timeZone) ?? 'UTC');
    if (fault !== null) context.addIssue({ code: 'custom', path: ['cron'], message: fault });
  })
  .meta({ id: 'ScheduleRequest' });
export type ScheduleRequest = z.output<typeof scheduleRequestSchema>;
