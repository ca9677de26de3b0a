/** A schedule as the API shows it, with its next runs. */

import * as z from 'zod';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { nextRuns, type Schedule, scheduleStates } from '../../model/schedule.ts';
import { scheduleRequestSchema } from '../../model/schemas/schedule.ts';
import { requestView } from '../campaigns/view.ts';
import type { FieldsOf } from '../core/json.ts';

const RUNS_SHOWN = 10;

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
    nextRuns: z.array(time).meta({ description: `The next ${RUNS_SHOWN}.` }),
    lastCampaignId: z.string().nullable(),
    createdAt: time,
  })
  .meta({ id: 'Schedule' });

export const scheduleView = (it: Schedule) =>
  ({
    id: it.id,
    state: it.state,
    name: it.name,
    cron: it.cron,
    timeZone: it.timeZone,
    until: it.until === undefined ? undefined : rfc3339(it.until),
    maxRuns: it.maxRuns,
    missed: it.missed,
    campaign: requestView(it.campaign),
    runs: it.runs,
    nextRuns: nextRuns(it, RUNS_SHOWN).map(rfc3339),
    lastCampaignId: it.lastCampaignId,
    createdAt: rfc3339(it.createdAt),
  }) satisfies FieldsOf<typeof scheduleSchema>;

export type ScheduleView = ReturnType<typeof scheduleView>;
