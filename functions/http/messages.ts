/** The call that pushes to a few named recipients inline, without a task in between. */

import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { endsWithin } from '../lib/deadline.ts';
import { shortToken } from '../lib/redact.ts';
import { type Campaign, isClosed } from '../model/campaign.ts';
import { messageRequestSchema, toCampaignRequest } from '../model/schemas/push.ts';
import { singlePush } from '../pipeline/single-push.ts';
import type { Ports } from '../ports/ports.ts';
import { callerOf } from './auth/authorize.ts';
import { idempotencyKey } from './campaigns/parts.ts';
import { failureSchema, failureView } from './campaigns/report-view.ts';
import { campaignSchema, campaignView } from './campaigns/view.ts';
import { call } from './core/call.ts';
import { answerProblem } from './core/problem.ts';
import { problemResponse } from './core/problem-response.ts';

/** The longest `wait`, below the timeouts of proxies and of the command line. */
const MAX_WAIT_SECONDS = 30;
/** How long to wait before the campaign is read again, in ms; it is sent in the meantime. */
const LOOK_MS = { first: 20, most: 500 };
const MAX_FAILURES = 1000;

const outcomeSchema = z
  .object({
    ...campaignSchema.shape,
    failures: z.array(failureSchema).meta({ description: 'With shortened tokens.' }),
  })
  .meta({ id: 'MessageOutcome' });

export const messageCall = (ports: Ports, now: () => number = () => performance.now()) =>
  call({
    method: 'post',
    path: '/v1/messages',
    operationId: 'sendMessage',
    summary: 'Push to a few named recipients',
    description:
      'To users, installations or tokens, 100 at most, sent immediately. It is a campaign of its own, ' +
      'with an id. With `wait` the answer has the results, if the campaign ends in so many seconds.',
    scopes: ['campaigns'],
    takes: {
      headers: z.object({ 'idempotency-key': idempotencyKey }),
      query: z.strictObject({
        wait: z.coerce.number().int().min(0).max(MAX_WAIT_SECONDS).default(0),
      }),
      body: messageRequestSchema,
    },
    responses: {
      200: {
        description: 'The campaign is closed; these are its results.',
        content: { 'application/json': { schema: outcomeSchema } },
      },
      202: {
        description: 'Accepted, and not closed yet.',
        content: { 'application/json': { schema: campaignSchema } },
        headers: z.object({ Location: z.string() }),
      },
      409: problemResponse(409, 'The Idempotency-Key came with another body before.'),
      422: problemResponse(422, 'It could never be sent: too large, or no credentials for it.'),
    },
    async handle({ headers, query, body }, c) {
      const { store } = ports;
      const until = now() + query.wait * 1000;
      const left = () => Math.max(0, until - now());
      const request = toCampaignRequest(body);
      const { accepted, sent } = await singlePush(
        ports,
        request,
        headers['idempotency-key'] ?? null,
        callerOf(c),
      );
      if (accepted.kind === 'conflict')
        return answerProblem(c, 'conflict', 'This Idempotency-Key came with another body.', {
          next: 'Use a new key for a new message; send the same body to ask for the earlier one.',
        });
      if (accepted.kind === 'refused')
        return answerProblem(c, 'refused', 'The message could not be sent.', {
          faults: accepted.faults,
        });
      const { id } = accepted.campaign;
      const campaign =
        query.wait > 0 ? await closed(ports, accepted.campaign, sent, left) : accepted.campaign;
      c.header('Location', `/v1/campaigns/${id}`);
      const view = campaignView(campaign, await store.counts(id));
      if (!isClosed(campaign.state)) return c.json(view, 202);
      const failures =
        view.counts.failed > 0 ? await store.listFailures(id, null, MAX_FAILURES) : null;
      return c.json({
        ...view,
        failures: (failures?.items ?? []).map((it) => ({
          ...failureView(it),
          token: shortToken(it.token),
        })),
      });
    },
  });

/** The campaign once it is closed, or when the time is up. */
async function closed(
  { store }: Ports,
  campaign: Campaign,
  sent: Promise<unknown> | null,
  /** ms until the time is up */
  left: () => number,
): Promise<Campaign> {
  if (sent) await endsWithin(sent, left());
  for (let pauseMs = LOOK_MS.first; ; pauseMs = Math.min(LOOK_MS.most, 2 * pauseMs)) {
    const it = (await store.getCampaign(campaign.id)) ?? campaign;
    if (isClosed(it.state) || left() === 0) return it;
    await wait(Math.min(pauseMs, left()));
  }
}
