/** A recurring campaign: when its runs are due, in the wall-clock time of a zone. */

import { z } from '@hono/zod-openapi';
import { Cron } from 'croner';
import { campaignRequestSchema } from './campaign.ts';

/** A run that is not found by then was missed: the system was down. */
export const MISSED_AFTER_MS = 15 * 60 * 1000;
/** Seconds are for machines; a ticker that comes once a minute could not keep them. */
const CRON_MODE = '5-part';

const cron = z
  .string()
  .max(200)
  .openapi({
    description:
      'Minute, hour, day of the month, month, day of the week. A time that a change to summer ' +
      'time leaves out runs when the clock has jumped; one that comes twice in autumn runs once.',
    example: '30 9 * * 1-5',
  });

const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, { message: 'must be a zone such as Europe/Berlin or UTC' })
  .default('UTC');

const time = z.iso.datetime({ offset: true }).transform((it) => Date.parse(it));

export const scheduleRequestSchema = z
  .strictObject({
    name: z.string().min(1).max(200),
    cron,
    timeZone,
    until: time.optional().openapi({ type: 'string', format: 'date-time' }),
    maxRuns: z.int().min(1).max(1_000_000).optional(),
    missed: z.enum(['once', 'skip']).default('once').openapi({
      description:
        'What becomes of runs whose time passed while the system was down: one run makes up for all of them, or none.',
    }),
    campaign: campaignRequestSchema,
  })
  .superRefine((it, context) => {
    const fault = cronFault(it.cron, it.timeZone);
    if (fault !== null) context.addIssue({ code: 'custom', path: ['cron'], message: fault });
  })
  .openapi('ScheduleRequest');
export type ScheduleRequest = z.output<typeof scheduleRequestSchema>;

/**
 * active  its runs are started at their times
 * paused  none is, until it is resumed; those in between are not made up for
 * ended   `until` or `maxRuns` was reached
 */
export const scheduleStates = ['active', 'paused', 'ended'] as const;

export interface Schedule extends ScheduleRequest {
  id: string;
  state: (typeof scheduleStates)[number];
  /** runs started at their times; those asked for by hand are not among them */
  runs: number;
  /** of the next run; null while there is none */
  nextAt: number | null;
  lastCampaignId: string | null;
  createdAt: number;
  /** grows with every change: who writes must have seen the last one */
  version: number;
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Why it cannot be a schedule, in words; null if it can. */
function cronFault(pattern: string, zone: string): string | null {
  try {
    const next = new Cron(pattern, {
      timezone: isTimeZone(zone) ? zone : 'UTC',
      mode: CRON_MODE,
    }).nextRun();
    return next ? null : 'never matches a day; check the day of the month and the month';
  } catch (error) {
    const reason = (error as Error).message.replace(/^Cron\w+: /, '');
    return `must be five fields such as "30 9 * * 1-5": ${reason.slice(0, 200)}`;
  }
}

/** The first run after a time; null when there is none before `until` or within `maxRuns`. */
export function nextRun(
  {
    cron,
    timeZone,
    until,
    maxRuns,
    runs,
  }: Pick<Schedule, 'cron' | 'timeZone' | 'until' | 'maxRuns' | 'runs'>,
  after: number,
): number | null {
  if (maxRuns !== undefined && runs >= maxRuns) return null;
  const next = new Cron(cron, { timezone: timeZone, mode: CRON_MODE }).nextRun(new Date(after));
  if (!next || (until !== undefined && next.getTime() > until)) return null;
  return next.getTime();
}

/** The next `count` runs, for people. */
export function nextRuns(schedule: Schedule, count: number): number[] {
  const times: number[] = [];
  let at = schedule.state === 'active' ? schedule.nextAt : null;
  while (at !== null && times.length < count) {
    times.push(at);
    at = nextRun({ ...schedule, runs: schedule.runs + times.length }, at);
  }
  return times;
}
