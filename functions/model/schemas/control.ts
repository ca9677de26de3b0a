/** The parts of a request about when a campaign begins, and about its canary. */

import * as z from 'zod';
import { lates } from '../waves.ts';
import { timeInMs } from './time.ts';

const LAST_YEAR = 9999;

const at = timeInMs
  .refine((it) => new Date(it).getUTCFullYear() <= LAST_YEAR, { message: 'is too far away' })
  .meta({
    type: 'string',
    format: 'date-time',
    description: 'When it begins; RFC 3339, not in the past.',
    example: '2030-12-24T18:00:00+01:00',
  });

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/;

const local = z
  .string()
  .max(64)
  .refine((it) => LOCAL.test(it), {
    message: 'must be a date and a time without a zone, such as 2030-12-24T09:00',
    abort: true,
  })
  // a Date takes the 31st of February for the 3rd of March
  .refine((it) => isTime(it), { message: 'is no time: there is no such day, hour or minute' })
  // its last clock would show it a year later in UTC
  .refine((it) => it < `${LAST_YEAR}`, { message: 'is too far away' })
  .meta({
    description: 'What the clock of each device shows when it is sent to.',
    example: '2030-12-24T09:00',
  });

function isTime(text: string): boolean {
  const date = new Date(`${text}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, text.length) === text;
}

export const late = z.enum(lates).meta({
  description:
    'What becomes of devices whose `local` time has passed already: they are sent to `now`, at that time ' +
    'of the `next-day`, or are counted as skipped. `now` if left out.',
});

export const scheduleSchema = z
  .strictObject({ at: at.optional(), local: local.optional(), late: late.optional() })
  .superRefine((it, context) => {
    const say = (message: string, path: string[] = []) =>
      context.addIssue({ code: 'custom', path, message });
    if ((it.at === undefined) === (it.local === undefined))
      say(
        'must have either `at`, a point in time, or `local`, what the clock of each device shows',
      );
    if (it.late !== undefined && it.local === undefined)
      say('goes with `local`: one point in time is late for all or none', ['late']);
  })
  .meta({ id: 'CampaignSchedule' });

export const canarySchema = z
  .strictObject({
    percent: z.number().min(0.1).max(50).meta({
      description: 'About so many of the recipients go first, by chance; with waves the earliest.',
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
