/** The calls of schedules: campaigns that are sent repeatedly. */

import type { Context } from 'hono';
import * as z from 'zod';
import { noCounts } from '../../model/campaign.ts';
import type { Schedule } from '../../model/schedule.ts';
import { type ScheduleRequest, scheduleRequestSchema } from '../../model/schemas/schedule.ts';
import { timeInMs } from '../../model/schemas/time.ts';
import {
  change,
  createOnce,
  createSchedule,
  madeBefore,
  onwards,
  runNow,
} from '../../pipeline/schedules/recur.ts';
import type { Ports } from '../../ports/ports.ts';
import { idempotencyKey } from '../campaigns/parts.ts';
import { campaignSchema, campaignView } from '../campaigns/view.ts';
import { type Call, call } from '../core/call.ts';
import { pageOf, pageQuery } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { scheduleFaults } from './faults.ts';
import { MOST_RUNS, scheduleSchema, scheduleView } from './view.ts';

const params = z.strictObject({ id: z.string().min(1).max(64) });

const one = (description: string) => ({
  description,
  content: { 'application/json': { schema: scheduleSchema } },
});

const runsUntil = timeInMs.optional().meta({
  type: 'string',
  format: 'date-time',
  description:
    `Shows the runs before that time in place of the next ten: at most ${MOST_RUNS} of a schedule. The time ` +
    'of a local run is compared as if it was in UTC.',
});
/** Schedules of a page with `runsUntil`: runs take time to compute. */
const MOST_WITH_RUNS = 20;

const NO_SCHEDULE = problemResponse(404, 'There is no such schedule.');

const missing = (c: Context, id: string) =>
  answerProblem(c, 'not-found', `There is no schedule "${id}".`, {
    next: 'Check the id; GET /v1/schedules lists all.',
  });

/** The answer to a schedule that could never send; null if it could. */
async function refusal(c: Context, ports: Ports, request: ScheduleRequest) {
  const faults = await scheduleFaults(ports, request);
  if (faults.length === 0) return null;
  return answerProblem(c, 'refused', 'Its campaigns could not be sent.', { faults });
}

interface ScheduleChange {
  id: string;
  /** null: the schedule stays as it is */
  next(schedule: Schedule): Schedule | null;
  /** why the change contradicts the schedule; null if it does not */
  illegal?(schedule: Schedule): string | null;
}

async function changed(c: Context, ports: Ports, { id, next, illegal }: ScheduleChange) {
  let objection: string | null = null;
  const schedule = await change(ports, id, (it) => {
    objection = illegal?.(it) ?? null;
    return objection === null ? next(it) : null;
  });
  if (!schedule) return missing(c, id);
  if (objection !== null)
    return answerProblem(c, 'conflict', objection, {
      next: 'Give it a later `until` or more `maxRuns` first, by PUT.',
    });
  return c.json(scheduleView(schedule));
}

export function scheduleCalls(ports: Ports): Call[] {
  return [
    addScheduleCall(ports),
    listSchedulesCall(ports),
    getScheduleCall(ports),
    changeScheduleCall(ports),
    removeScheduleCall(ports),
    pauseScheduleCall(ports),
    resumeScheduleCall(ports),
    runScheduleCall(ports),
  ];
}

const addScheduleCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/schedules',
    operationId: 'addSchedule',
    summary: 'Add a schedule',
    scopes: ['campaigns'],
    takes: {
      headers: z.object({ 'idempotency-key': idempotencyKey }),
      body: scheduleRequestSchema,
    },
    responses: {
      201: one('It is active from now on, or was made by an earlier request with this key.'),
      409: problemResponse(409, 'The Idempotency-Key came with another body before.'),
      422: problemResponse(422, 'Its campaigns could never be sent.'),
    },
    async handle({ headers, body }, c) {
      const key = headers['idempotency-key'];
      const before = key === undefined ? null : await madeBefore(ports, body, key);
      const refused = before === null ? await refusal(c, ports, body) : null;
      if (refused) return refused;
      const schedule =
        before ??
        (await (key === undefined ? createSchedule(ports, body) : createOnce(ports, body, key)));
      if (schedule === 'conflict')
        return answerProblem(c, 'conflict', 'This Idempotency-Key came with another body.', {
          next: 'Use a new key for a new schedule; change the earlier one by PUT.',
        });
      c.header('Location', `/v1/schedules/${schedule.id}`);
      return c.json(scheduleView(schedule), 201);
    },
  });

const listSchedulesCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/schedules',
    operationId: 'listSchedules',
    summary: 'List schedules',
    scopes: ['read', 'campaigns'],
    takes: {
      query: pageQuery(64)
        .extend({ runsUntil })
        .refine((it) => it.runsUntil === undefined || it.limit <= MOST_WITH_RUNS, {
          path: ['limit'],
          message: `is at most ${MOST_WITH_RUNS} with runsUntil`,
        }),
    },
    responses: { 200: pageOf(scheduleSchema) },
    async handle({ query }, c) {
      const page = await store.listSchedules(query.after ?? null, query.limit);
      const items = page.items.map((it) => scheduleView(it, query.runsUntil));
      return c.json({ items, next: page.next });
    },
  });

const getScheduleCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/schedules/{id}',
    operationId: 'getSchedule',
    summary: 'Look at a schedule and its next runs',
    scopes: ['read', 'campaigns'],
    takes: { params, query: z.strictObject({ runsUntil }) },
    responses: { 200: one('The schedule.'), 404: NO_SCHEDULE },
    async handle({ params: { id }, query }, c) {
      const schedule = await store.getSchedule(id);
      return schedule ? c.json(scheduleView(schedule, query.runsUntil)) : missing(c, id);
    },
  });

const changeScheduleCall = (ports: Ports) =>
  call({
    method: 'put',
    path: '/v1/schedules/{id}',
    operationId: 'changeSchedule',
    summary: 'Change a schedule',
    description:
      'Replaces all fields of the request; the count of runs goes on. A paused schedule stays paused.',
    scopes: ['campaigns'],
    takes: { params, body: scheduleRequestSchema },
    responses: {
      200: one('As it is now.'),
      404: NO_SCHEDULE,
      422: problemResponse(422, 'Its campaigns could never be sent.'),
    },
    async handle({ params: { id }, body }, c) {
      return (
        (await refusal(c, ports, body)) ??
        changed(c, ports, {
          id,
          next: (it) => onwards({ ...required(it), ...body }, ports.now()),
        })
      );
    },
  });

/** Without what a request may leave out. */
const required = ({ until, maxRuns, timeZone, local, late, ...it }: Schedule) => it;

const removeScheduleCall = ({ store }: Ports) =>
  call({
    method: 'delete',
    path: '/v1/schedules/{id}',
    operationId: 'removeSchedule',
    summary: 'Remove a schedule',
    description: 'Campaigns that it has started go on.',
    scopes: ['campaigns'],
    takes: { params },
    responses: { 204: { description: 'It is gone.' }, 404: NO_SCHEDULE },
    handle: async ({ params: { id } }, c) =>
      (await store.deleteSchedule(id)) ? c.body(null, 204) : missing(c, id),
  });

const pauseScheduleCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/schedules/{id}/pause',
    operationId: 'pauseSchedule',
    summary: 'Pause a schedule',
    scopes: ['campaigns'],
    takes: { params },
    responses: {
      200: one('It is paused.'),
      404: NO_SCHEDULE,
      409: problemResponse(409, 'It has ended.'),
    },
    handle: ({ params: { id } }, c) =>
      changed(c, ports, {
        id,
        next: (it) => onwards({ ...it, state: 'paused' }, ports.now()),
        illegal: (it) =>
          it.state === 'ended' ? 'A schedule that has ended cannot be paused.' : null,
      }),
  });

const resumeScheduleCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/schedules/{id}/resume',
    operationId: 'resumeSchedule',
    summary: 'Resume a paused schedule',
    description: 'Runs begin from now on: those that the pause has missed are not started.',
    scopes: ['campaigns'],
    takes: { params },
    responses: {
      200: one('It is active.'),
      404: NO_SCHEDULE,
      409: problemResponse(409, 'It has ended.'),
    },
    handle: ({ params: { id } }, c) =>
      changed(c, ports, {
        id,
        next: (it) =>
          it.state === 'paused' ? onwards({ ...it, state: 'active' }, ports.now()) : null,
        illegal: (it) =>
          it.state === 'ended' ? 'A schedule that has ended cannot be resumed.' : null,
      }),
  });

const runScheduleCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/schedules/{id}/run',
    operationId: 'runSchedule',
    summary: 'Start an additional run now',
    description: 'It is sent to all together, also with `local`.',
    scopes: ['campaigns'],
    takes: { params },
    responses: {
      202: {
        description: 'The campaign.',
        content: { 'application/json': { schema: campaignSchema } },
      },
      404: NO_SCHEDULE,
      422: problemResponse(422, 'The segment or the upload of its audience is gone.'),
    },
    async handle({ params: { id } }, c) {
      const schedule = await ports.store.getSchedule(id);
      if (!schedule) return missing(c, id);
      const run = await runNow(ports, schedule);
      if (run.kind === 'refused')
        return answerProblem(c, 'refused', 'Its audience cannot be resolved any more.', {
          faults: run.faults,
        });
      c.header('Location', `/v1/campaigns/${run.campaign.id}`);
      return c.json(campaignView(run.campaign, noCounts()), 202);
    },
  });
