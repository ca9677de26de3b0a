/** Schedules: campaigns that are sent again and again. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { said } from '../../model/audience/everybody.ts';
import { noCounts } from '../../model/campaign.ts';
import { nextRun, nextRuns, type Schedule, scheduleStates } from '../../model/schedule.ts';
import { type ScheduleRequest, scheduleRequestSchema } from '../../model/schemas/schedule.ts';
import { draft } from '../../pipeline/accept/accept.ts';
import { change, createSchedule, onwards, runNow } from '../../pipeline/schedules/recur.ts';
import type { Ports } from '../../ports/ports.ts';
import { campaignSchema, campaignView } from '../campaigns/view.ts';
import { type Call, call } from '../core/call.ts';
import { pageOf, pageQuery } from '../core/json.ts';
import { answerProblem, problemResponse } from '../core/problem.ts';

const params = z.strictObject({ id: z.string().min(1).max(64) });
const RUNS_SHOWN = 10;

const time = z.iso.datetime();

const scheduleSchema = z
  .object({
    ...scheduleRequestSchema.shape,
    until: time.optional(),
    id: z.string(),
    state: z.enum(scheduleStates),
    runs: z.int().openapi({ description: 'Started at their times; by hand not counted.' }),
    nextRuns: z.array(time).openapi({ description: `The next ${RUNS_SHOWN}.` }),
    lastCampaignId: z.string().nullable(),
    createdAt: time,
  })
  .openapi('Schedule');

function scheduleView(schedule: Schedule) {
  const { version: _, nextAt: __, until, createdAt, ...rest } = schedule;
  return {
    ...rest,
    campaign: { ...rest.campaign, audience: said(rest.campaign.audience) },
    ...(until !== undefined && { until: rfc3339(until) }),
    createdAt: rfc3339(createdAt),
    nextRuns: nextRuns(schedule, RUNS_SHOWN).map(rfc3339),
  };
}
export type ScheduleView = ReturnType<typeof scheduleView>;

const one = (description: string) => ({
  description,
  content: { 'application/json': { schema: scheduleSchema } },
});

const NO_SCHEDULE = problemResponse(404, 'There is no such schedule.');

const missing = (c: Context, id: string) =>
  answerProblem(c, 'not-found', `There is no schedule "${id}".`, {
    next: 'Check the id; GET /v1/schedules lists all.',
  });

export function scheduleCalls(ports: Ports): Call[] {
  const { store, now } = ports;

  const refusal = async (c: Context, { campaign, ...times }: ScheduleRequest) => {
    const drafted = await draft(ports, campaign);
    const faults = drafted.faults.map(({ path, message }) => ({
      path: `campaign.${path}`,
      message,
    }));
    if (nextRun({ ...times, runs: 0 }, now()) === null)
      faults.push({ path: 'until', message: 'comes before the next run: there would be none' });
    if (faults.length === 0) return null;
    return answerProblem(c, 'refused', 'Its campaigns could not be sent.', { faults });
  };

  const changed = async (
    c: Context,
    id: string,
    next: (schedule: Schedule) => Schedule | null,
    illegal: (schedule: Schedule) => string | null = () => null,
  ) => {
    let objection: string | null = null;
    const schedule = await change(ports, id, (it) => {
      objection = illegal(it);
      return objection === null ? next(it) : null;
    });
    if (!schedule) return missing(c, id);
    if (objection !== null)
      return answerProblem(c, 'conflict', objection, {
        next: 'Give it a later `until` or more `maxRuns` first, by PUT.',
      });
    return c.json(scheduleView(schedule));
  };

  return [
    call({
      method: 'post',
      path: '/v1/schedules',
      operationId: 'addSchedule',
      summary: 'Send a campaign again and again',
      scopes: ['campaigns'],
      takes: { body: scheduleRequestSchema },
      responses: {
        201: one('It is active from now on.'),
        422: problemResponse(422, 'Its campaigns could never be sent.'),
      },
      async handle({ body }, c) {
        const refused = await refusal(c, body);
        if (refused) return refused;
        const schedule = await createSchedule(ports, body);
        c.header('Location', `/v1/schedules/${schedule.id}`);
        return c.json(scheduleView(schedule), 201);
      },
    }),

    call({
      method: 'get',
      path: '/v1/schedules',
      operationId: 'listSchedules',
      summary: 'List schedules',
      scopes: ['read', 'campaigns'],
      takes: {
        query: pageQuery(64),
      },
      responses: { 200: pageOf(scheduleSchema) },
      async handle({ query }, c) {
        const page = await store.listSchedules(query.after ?? null, query.limit);
        return c.json({ items: page.items.map(scheduleView), next: page.next });
      },
    }),

    call({
      method: 'get',
      path: '/v1/schedules/{id}',
      operationId: 'getSchedule',
      summary: 'Look at a schedule and its next runs',
      scopes: ['read', 'campaigns'],
      takes: { params },
      responses: { 200: one('The schedule.'), 404: NO_SCHEDULE },
      async handle({ params: { id } }, c) {
        const schedule = await store.getSchedule(id);
        return schedule ? c.json(scheduleView(schedule)) : missing(c, id);
      },
    }),

    call({
      method: 'put',
      path: '/v1/schedules/{id}',
      operationId: 'changeSchedule',
      summary: 'Change a schedule',
      description: 'Replaces all that was asked for; runs are counted on. A paused one stays so.',
      scopes: ['campaigns'],
      takes: { params, body: scheduleRequestSchema },
      responses: {
        200: one('As it is now.'),
        404: NO_SCHEDULE,
        422: problemResponse(422, 'Its campaigns could never be sent.'),
      },
      async handle({ params: { id }, body }, c) {
        return (
          (await refusal(c, body)) ??
          changed(c, id, ({ until: _, maxRuns: __, ...it }) => onwards({ ...it, ...body }, now()))
        );
      },
    }),

    call({
      method: 'delete',
      path: '/v1/schedules/{id}',
      operationId: 'removeSchedule',
      summary: 'Forget a schedule',
      description: 'Campaigns that it has started go on.',
      scopes: ['campaigns'],
      takes: { params },
      responses: { 204: { description: 'It is gone.' }, 404: NO_SCHEDULE },
      handle: async ({ params: { id } }, c) =>
        (await store.deleteSchedule(id)) ? c.body(null, 204) : missing(c, id),
    }),

    call({
      method: 'post',
      path: '/v1/schedules/{id}/pause',
      operationId: 'pauseSchedule',
      summary: 'Start no more runs',
      scopes: ['campaigns'],
      takes: { params },
      responses: {
        200: one('It is paused.'),
        404: NO_SCHEDULE,
        409: problemResponse(409, 'It has ended.'),
      },
      handle: ({ params: { id } }, c) =>
        changed(
          c,
          id,
          (it) => onwards({ ...it, state: 'paused' }, now()),
          (it) => (it.state === 'ended' ? 'A schedule that has ended cannot be paused.' : null),
        ),
    }),

    call({
      method: 'post',
      path: '/v1/schedules/{id}/resume',
      operationId: 'resumeSchedule',
      summary: 'Go on with a paused schedule',
      description: 'From now on: what fell into the pause is not made up for.',
      scopes: ['campaigns'],
      takes: { params },
      responses: {
        200: one('It is active.'),
        404: NO_SCHEDULE,
        409: problemResponse(409, 'It has ended.'),
      },
      handle: ({ params: { id } }, c) =>
        changed(
          c,
          id,
          (it) => (it.state === 'paused' ? onwards({ ...it, state: 'active' }, now()) : null),
          (it) => (it.state === 'ended' ? 'A schedule that has ended cannot be resumed.' : null),
        ),
    }),

    call({
      method: 'post',
      path: '/v1/schedules/{id}/run',
      operationId: 'runSchedule',
      summary: 'Start a run now, beside the others',
      scopes: ['campaigns'],
      takes: { params },
      responses: {
        202: {
          description: 'The campaign.',
          content: { 'application/json': { schema: campaignSchema } },
        },
        404: NO_SCHEDULE,
        422: problemResponse(422, 'The segment or the upload that it is for is gone.'),
      },
      async handle({ params: { id } }, c) {
        const schedule = await store.getSchedule(id);
        if (!schedule) return missing(c, id);
        const run = await runNow(ports, schedule);
        if (run.kind === 'refused')
          return answerProblem(c, 'refused', 'Nobody can say whom it is for any more.', {
            faults: run.faults,
          });
        c.header('Location', `/v1/campaigns/${run.campaign.id}`);
        return c.json(campaignView(run.campaign, noCounts()), 202);
      },
    }),
  ];
}
