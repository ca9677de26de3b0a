/** A schedule as the API shows it, with its next runs. */

import * as z from 'zod';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { nextRuns, runsBefore, type Schedule, scheduleStates } from '../../model/schedule.ts';
import { scheduleRequestSchema } from '../../model/schemas/schedule.ts';
import { localOf } from '../../model/waves.ts';
import { requestView } from '../campaigns/view.ts';
import type { FieldsOf } from '../core/json.ts';

const RUNS_SHOWN = 10;
/** Runs shown of a schedule if their end is asked for: three a day for a month. */
export const MOST_RUNS = 100;

const time = z.iso.datetime();

export const scheduleSchema = z
  .object({
    ...scheduleRequestSchema.shape,
    until: time.optional(),
    id: z.string(),
    state: z.enum(scheduleStates),
    runs: z.int().meta({
      description: 'Runs that were started at their times, without those started by a call.',
    }),
    nextRuns: z.array(z.string()).meta({
      description:
        `The next ${RUNS_SHOWN}; with \`runsUntil\` those before that time, at most ${MOST_RUNS}. Points in ` +
        'time; with `local`, what the clocks of devices show, such as `2030-12-24T09:00`.',
    }),
    lastCampaignId: z.string().nullable(),
    createdAt: time,
  })
  .meta({ id: 'Schedule' });

/** `until`: the end of the runs to show, ms since the epoch. */
export const scheduleView = (it: Schedule, until?: number) =>
  ({
    id: it.id,
    state: it.state,
    name: it.name,
    cron: it.cron,
    timeZone: it.timeZone,
    local: it.local,
    late: it.late,
    until: it.until === undefined ? undefined : rfc3339(it.until),
    maxRuns: it.maxRuns,
    missed: it.missed,
    campaign: requestView(it.campaign),
    runs: it.runs,
    nextRuns: (until === undefined
      ? nextRuns(it, RUNS_SHOWN)
      : runsBefore(it, until, MOST_RUNS)
    ).map(it.local ? localOf : rfc3339),
    lastCampaignId: it.lastCampaignId,
    createdAt: rfc3339(it.createdAt),
  }) satisfies FieldsOf<typeof scheduleSchema>;

export type ScheduleView = ReturnType<typeof scheduleView>;
