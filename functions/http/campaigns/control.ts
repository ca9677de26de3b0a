/** What people do to a campaign that is there: pause, resume, cancel, another time, once more. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { type Change, campaignStates, noCounts } from '../../model/campaign.ts';
import { scheduleSchema } from '../../model/schemas/control.ts';
import { pastTime } from '../../pipeline/accept/accept.ts';
import {
  allowedIn,
  type Controlled,
  cancel,
  pauseBy,
  reschedule,
  resume,
} from '../../pipeline/control/control.ts';
import { retryFailures } from '../../pipeline/control/retry.ts';
import type { Ports } from '../../ports/ports.ts';
import { callerOf } from '../auth/authorize.ts';
import { type Call, call } from '../core/call.ts';
import { answerProblem, NO_CAMPAIGN, noCampaign, problemResponse } from '../core/problem.ts';
import { campaignSchema, campaignView } from './view.ts';

export const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, { message: 'must be 1 to 255 printable ASCII characters' })
  .optional()
  .openapi({ description: 'The same key gives the same campaign, however often it is sent.' });

export const campaignResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: campaignSchema } },
});

const changeSchema = z
  .object({
    at: z.iso.datetime(),
    by: z.string().openapi({ description: 'An API key, a person, a schedule, or `system`.' }),
    from: z.enum(campaignStates).nullable(),
    to: z.enum(campaignStates),
    reason: z.string().nullable(),
  })
  .openapi('Change');

const changeView = (it: Change) => ({ ...it, at: rfc3339(it.at) });
export type HistoryView = { items: ReturnType<typeof changeView>[] };

export function controlCalls(ports: Ports, params: z.ZodObject<{ id: z.ZodString }>): Call[] {
  const { store } = ports;

  const illegal = (c: Context, verb: string, { state }: { state: Change['to'] }) => {
    const allowed = allowedIn(state);
    return answerProblem(c, 'conflict', `A ${state} campaign cannot be ${verb}.`, {
      next: allowed.length > 0 ? `Allowed now: ${allowed.join(', ')}.` : 'Wait for its end.',
    });
  };

  const controlled = async (c: Context, id: string, verb: string, done: Controlled) => {
    if (done.kind === 'missing') return noCampaign(c, id);
    if (done.kind === 'illegal') return illegal(c, verb, done.campaign);
    return c.json(campaignView(done.campaign, await store.counts(id)));
  };

  return [
    call({
      method: 'post',
      path: '/v1/campaigns/{id}/pause',
      operationId: 'pauseCampaign',
      summary: 'Stop for now',
      description: 'Within two seconds nothing more leaves. Resumed, it goes on where it was.',
      scopes: ['campaigns'],
      takes: { params },
      responses: {
        200: campaignResponse('It is paused.'),
        404: NO_CAMPAIGN,
        409: problemResponse(409, 'It is not being sent.'),
      },
      handle: async ({ params: { id } }, c) =>
        controlled(c, id, 'paused', await pauseBy(ports, id, callerOf(c))),
    }),

    call({
      method: 'post',
      path: '/v1/campaigns/{id}/resume',
      operationId: 'resumeCampaign',
      summary: 'Go on with a paused campaign',
      description:
        'Once what `reason` names has been mended. One that its canary or the brake has paused is ' +
        'not stopped by them again.',
      scopes: ['campaigns'],
      takes: { params },
      responses: {
        200: campaignResponse('It is running again.'),
        404: NO_CAMPAIGN,
        409: problemResponse(409, 'It is not paused.'),
      },
      handle: async ({ params: { id } }, c) =>
        controlled(c, id, 'resumed', await resume(ports, id, callerOf(c))),
    }),

    call({
      method: 'post',
      path: '/v1/campaigns/{id}/cancel',
      operationId: 'cancelCampaign',
      summary: 'Stop what has not been sent',
      description: 'The rest is counted as skipped, then the campaign is `cancelled`.',
      scopes: ['campaigns'],
      takes: { params },
      responses: {
        200: campaignResponse('It is being cancelled; one that never began is closed.'),
        404: NO_CAMPAIGN,
        409: problemResponse(409, 'It is closed already.'),
      },
      handle: async ({ params: { id } }, c) =>
        controlled(c, id, 'cancelled', await cancel(ports, id, callerOf(c))),
    }),

    call({
      method: 'put',
      path: '/v1/campaigns/{id}/schedule',
      operationId: 'rescheduleCampaign',
      summary: 'Begin at another time',
      description: 'Of a campaign that is `scheduled`, until it begins.',
      scopes: ['campaigns'],
      takes: { params, body: scheduleSchema },
      responses: {
        200: campaignResponse('It begins then.'),
        404: NO_CAMPAIGN,
        409: problemResponse(409, 'It has begun, or was never scheduled.'),
        422: problemResponse(422, 'The time is in the past.'),
      },
      async handle({ params: { id }, body }, c) {
        const faults = pastTime(ports, body).map((it) => ({ ...it, path: 'at' }));
        if (faults.length > 0)
          return answerProblem(c, 'refused', 'It cannot begin then.', { faults });
        const done = await reschedule(ports, id, body.at, callerOf(c));
        return controlled(c, id, 'scheduled', done);
      },
    }),

    call({
      method: 'get',
      path: '/v1/campaigns/{id}/history',
      operationId: 'getCampaignHistory',
      summary: 'Who changed its state, and when',
      description: 'In order: the first, and the latest 99.',
      scopes: ['read', 'campaigns'],
      takes: { params },
      responses: {
        200: {
          description: 'The changes.',
          content: { 'application/json': { schema: z.object({ items: z.array(changeSchema) }) } },
        },
        404: NO_CAMPAIGN,
      },
      async handle({ params: { id } }, c) {
        if (!(await store.getCampaign(id))) return noCampaign(c, id);
        return c.json({ items: (await store.history(id)).map(changeView) } satisfies HistoryView);
      },
    }),

    call({
      method: 'post',
      path: '/v1/campaigns/{id}/retry-failures',
      operationId: 'retryFailures',
      summary: 'Send once more to those who failed for reasons that pass',
      description:
        'Outcomes `retry` (of which an expired time to live is one), `unknown` and `blocked`, with ' +
        'the tokens of today. The new campaign names the first in `retryOf`. Asked again it is the ' +
        'same one, unless another Idempotency-Key is sent.',
      scopes: ['campaigns'],
      takes: { params, headers: z.object({ 'idempotency-key': idempotencyKey }) },
      responses: {
        202: {
          ...campaignResponse('Accepted, now or before.'),
          headers: z.object({ Location: z.string() }),
        },
        404: NO_CAMPAIGN,
        409: problemResponse(409, 'It is open: who failed is not known yet.'),
      },
      async handle({ params: { id }, headers }, c) {
        const done = await retryFailures(
          ...([ports, id, headers['idempotency-key'] ?? null, callerOf(c)] as const),
        );
        if (done.kind === 'missing') return noCampaign(c, id);
        if (done.kind === 'illegal') return illegal(c, 'tried again', done.campaign);
        if (done.kind === 'conflict')
          return answerProblem(c, 'conflict', 'This Idempotency-Key came with another body.', {
            next: 'Use a new key, or none.',
          });
        // its recipients are known, whatever its audience means by now
        if (done.kind === 'refused') throw new Error('a retry is refused');
        const { campaign, kind } = done;
        const counts = kind === 'accepted' ? noCounts() : await store.counts(campaign.id);
        c.header('Location', `/v1/campaigns/${campaign.id}`);
        return c.json(campaignView(campaign, counts), 202);
      },
    }),
  ];
}
