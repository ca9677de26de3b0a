/** The request of a schedule. Only code that answers requests imports this file, as with campaign.ts. */

import * as z from 'zod';
import { timeZoneOf } from '../canonical/timezone.ts';
import { cronFault } from '../cron.ts';
import { campaignRequestSchema } from './campaign.ts';
import { late } from './control.ts';
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

const UTC = 'Etc/UTC';

const timeZone = zone.meta({
  description:
    "The zone of cron's times; `UTC` if left out. Kept as IANA's current name: `UTC` is `Etc/UTC`.",
});

const local = z.boolean().meta({
  description:
    "cron's times are those of each device's own clock: a run begins when the first clock of the world " +
    'shows its time, and ends 26 hours later with the last one. `timeZone` then says nothing, and is refused.',
});

export const scheduleRequestSchema = z
  .strictObject({
    name: z.string().min(1).max(200),
    cron,
    timeZone: timeZone.optional(),
    local: local.optional(),
    late: late.optional().meta({
      description:
        'With `local`: what becomes of devices whose time passed more than 15 minutes before the run ' +
        'could be started, since the system was down. They are sent to `now`, at that time of the ' +
        '`next-day`, or are counted as skipped, as they are with `missed: skip`. A device that the ' +
        'next run reaches no later is skipped. `now` if left out.',
    }),
    until: timeInMs.optional().meta({
      type: 'string',
      format: 'date-time',
      description:
        'No run after that time. With `local`, the time of a run is compared as if it was in UTC.',
    }),
    maxRuns: z.int().min(1).max(1_000_000).optional(),
    missed: z
      .enum(['once', 'skip'])
      .default('once')
      .meta({
        description:
          'What becomes of runs whose time passed while the system was down: one run makes up for all of ' +
          'them, or none. With `local`, that is so for each device.',
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
    if (it.local && it.timeZone !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['timeZone'],
        message: "says nothing with `local`: the times are those of each device's own clock",
      });
    if (it.late !== undefined && !it.local)
      context.addIssue({
        code: 'custom',
        path: ['late'],
        message: 'goes with `local`: `missed` says what becomes of runs in one zone',
      });
    const fault = cronFault(it.cron, timeZoneOf(it.timeZone ?? UTC) ?? UTC);
    if (fault !== null) context.addIssue({ code: 'custom', path: ['cron'], message: fault });
  })
  // in this order: earlier versions made a hash of the text for the Idempotency-Key
  .overwrite(({ name, cron, timeZone = UTC, ...rest }) =>
    rest.local ? { name, cron, ...rest } : { name, cron, timeZone, ...rest },
  )
  .meta({ id: 'ScheduleRequest' });
export type ScheduleRequest = z.output<typeof scheduleRequestSchema>;
