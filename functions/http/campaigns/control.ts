/** The calls that control a campaign: pause, resume, cancel, reschedule, retry; and its history. */

import type { Context } from 'hono';
import * as z from 'zod';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { type Change, campaignStates } from '../../model/campaign.ts';
import { scheduleSchema } from '../../model/schemas/control.ts';
import { localFaults } from '../../pipeline/accept/faults.ts';
import { timeFaults, timeOf } from '../../pipeline/accept/time.ts';
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
import type { FieldsOf } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import {
  campaignParams,
  campaignResponse,
  idempotencyKey,
  NO_CAMPAIGN,
  noCampaign,
} from './parts.ts';
import { storedView } from './view.ts';

const changeSchema = z
  .object({
    at: z.iso.datetime(),
    by: z.string().meta({ description: 'An API key, a Firebase user, a schedule, or `system`.' }),
    from: z.enum(campaignStates).nullable(),
    to: z.enum(campaignStates),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Change' });

const changeView = (it: Change) =>
  ({
    at: rfc3339(it.at),
    by: it.by,
    from: it.from,
    to: it.to,
    reason: it.reason,
  }) satisfies FieldsOf<typeof changeSchema>;
export type HistoryView = { items: ReturnType<typeof changeView>[] };

function illegal(c: Context, verb: string, { state }: { state: Change['to'] }) {
  const allowed = allowedIn(state);
  return answerProblem(c, 'conflict', `A ${state} campaign cannot be ${verb}.`, {
    next: allowed.length > 0 ? `Allowed now: ${allowed.join(', ')}.` : 'Wait for its end.',
  });
}

/** What happened to a campaign that was to be `verb`, as the answer of a call. */
async function controlled(
  c: Context,
  ports: Ports,
  { id, verb, done }: { id: string; verb: string; done: Controlled },
) {
  if (done.kind === 'missing') return noCampaign(c, id);
  if (done.kind === 'illegal') return illegal(c, verb, done.campaign);
  return c.json(await storedView(ports, done.campaign));
}

export function controlCalls(ports: Ports): Call[] {
  return [
    ...controls.map((it) => controlCall(ports, it)),
    rescheduleCampaignCall(ports),
    getCampaignHistoryCall(ports),
    retryFailuresCall(ports),
  ];
}

interface Control {
  verb: 'pause' | 'resume' | 'cancel';
  /** what the campaign is then, in words */
  past: string;
  summary: string;
  description: string;
  /** the words of 200 and of 409 */
  done: string;
  illegal: string;
  run(ports: Ports, id: string, by: string): Promise<Controlled>;
}

const controlCall = (ports: Ports, it: Control) =>
  call({
    method: 'post',
    path: `/v1/campaigns/{id}/${it.verb}`,
    operationId: `${it.verb}Campaign`,
    summary: it.summary,
    description: it.description,
    scopes: ['campaigns'],
    takes: { params: campaignParams },
    responses: {
      200: campaignResponse(it.done),
      404: NO_CAMPAIGN,
      409: problemResponse(409, it.illegal),
    },
    async handle({ params: { id } }, c) {
      const done = await it.run(ports, id, callerOf(c));
      return controlled(c, ports, { id, verb: it.past, done });
    },
  });

const controls: Control[] = [
  {
    verb: 'pause',
    past: 'paused',
    summary: 'Pause a campaign',
    description: 'Sending stops within two seconds. A resumed campaign goes on where it was.',
    done: 'It is paused.',
    illegal: 'It is not being sent.',
    run: pauseBy,
  },
  {
    verb: 'resume',
    past: 'resumed',
    summary: 'Resume a paused campaign',
    description:
      'First correct what `reason` names. A campaign that its canary or the failure guard has paused ' +
      'is not paused by them again.',
    done: 'It is running again.',
    illegal: 'It is not paused.',
    run: resume,
  },
  {
    verb: 'cancel',
    past: 'cancelled',
    summary: 'Cancel a campaign',
    description: 'The recipients that are left are skipped, then the campaign is `cancelled`.',
    done: 'It is being cancelled; one that never began is closed.',
    illegal: 'It is closed already.',
    run: cancel,
  },
];

const rescheduleCampaignCall = (ports: Ports) =>
  call({
    method: 'put',
    path: '/v1/campaigns/{id}/schedule',
    operationId: 'rescheduleCampaign',
    summary: 'Reschedule a campaign',
    description:
      'For a campaign that is `scheduled`, until it begins: with a local time until the first clock shows ' +
      'it. What is late is judged by the time of this call.',
    scopes: ['campaigns'],
    takes: { params: campaignParams, body: scheduleSchema },
    responses: {
      200: campaignResponse('It begins at that time.'),
      404: NO_CAMPAIGN,
      409: problemResponse(409, 'It has begun, or was never scheduled.'),
      422: problemResponse(422, 'The time is in the past, or a topic was given a local time.'),
    },
    async handle({ params: { id }, body }, c) {
      const time = timeOf(body, ports.now());
      const campaign = body.local === undefined ? null : await ports.store.getCampaign(id);
      const faults = [
        ...timeFaults(ports, body),
        ...(campaign ? localFaults({ audience: campaign.audience, schedule: time }) : []),
      ].map((it) => ({ ...it, path: it.path.replace(/^schedule\./, '') }));
      if (faults.length > 0)
        return answerProblem(c, 'refused', 'It cannot begin then.', { faults });
      const done = await reschedule(ports, id, time, callerOf(c));
      return controlled(c, ports, { id, verb: 'scheduled', done });
    },
  });

const getCampaignHistoryCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}/history',
    operationId: 'getCampaignHistory',
    summary: 'List the changes of the state of a campaign',
    description: 'In order: the first, and the latest 99.',
    scopes: ['read', 'campaigns'],
    takes: { params: campaignParams },
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
  });

const hopelessText = (failures: number) =>
  failures === 0
    ? 'The campaign has no failures, so there is nothing to send again.'
    : `No failure of the campaign may pass (${failures.toLocaleString('en-US')} in all), so nothing is sent again.`;

const retryFailuresCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/campaigns/{id}/retry-failures',
    operationId: 'retryFailures',
    summary: 'Retry the failures that may pass',
    description:
      'Sends a new campaign to the failures with the outcomes `retry` (an expired time to live too), ' +
      '`unknown` and `blocked`, with the current tokens. It names the first campaign in `retryOf`. A ' +
      'repeated call gives the same campaign, unless it has another Idempotency-Key.',
    scopes: ['campaigns'],
    takes: { params: campaignParams, headers: z.object({ 'idempotency-key': idempotencyKey }) },
    responses: {
      202: {
        ...campaignResponse('Accepted, now or before.'),
        headers: z.object({ Location: z.string() }),
      },
      404: NO_CAMPAIGN,
      409: problemResponse(
        409,
        'It is open, so its failures are not known yet; or none of them may pass, and no campaign is made.',
      ),
    },
    async handle({ params: { id }, headers }, c) {
      const done = await retryFailures(ports, id, headers['idempotency-key'] ?? null, callerOf(c));
      if (done.kind === 'missing') return noCampaign(c, id);
      if (done.kind === 'illegal') return illegal(c, 'tried again', done.campaign);
      if (done.kind === 'hopeless')
        return answerProblem(c, 'conflict', hopelessText(done.failures), {
          next: `Nothing is left to do. GET /v1/campaigns/${id}/report has its result.`,
        });
      if (done.kind === 'conflict')
        return answerProblem(c, 'conflict', 'This Idempotency-Key came with another body.', {
          next: 'Use a new key, or none.',
        });
      // its recipients are stored, so its audience is not resolved again
      if (done.kind === 'refused') throw new Error('a retry is refused');
      const { campaign } = done;
      c.header('Location', `/v1/campaigns/${campaign.id}`);
      return c.json(await storedView(ports, campaign), 202);
    },
  });
