/** The call that pushes to a few named recipients inline, without a task in between. */

import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { endsWithin } from '../lib/deadline.ts';
import { shortToken } from '../lib/redact.ts';
import { type Campaign, isClosed } from '../model/campaign.ts';
import { messageRequestSchema, toCampaignRequest } from '../model/schemas/push.ts';
import { singlePush } from '../pipeline/single-push.ts';
import type { ClosedMessage, Ports } from '../ports/ports.ts';
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
      'To users, installations or tokens, 100 at most, sent immediately. Only a message with a category ' +
      'that is not exempt waits until the quiet hours of its app end on each device. It is a campaign of ' +
      'its own, with an id. With `wait` the answer has the results, if the campaign ends in so many seconds. On ' +
      'Google Cloud each push that does not wait was tried once before the answer comes, with or ' +
      'without `wait`. Events ' +
      'of a message that ends then are published only where a webhook listens.',
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
      const { accepted, counts, sent } = await singlePush(
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
      const { campaign, kind } = accepted;
      c.header('Location', `/v1/campaigns/${campaign.id}`);
      // an instance of Cloud Run has no CPU after the answer
      const sending = ports.inline?.outlivesRequests ? firstOf(sent, left()) : sent;
      const done = (await sending) ?? (query.wait > 0 ? await closed(ports, campaign, left) : null);
      if (done) return c.json(outcomeView(done));
      if (kind === 'accepted' && ports.inline?.outlivesRequests && query.wait === 0)
        return c.json(campaignView(campaign, counts), 202);
      const found = await resultOf(store, (await store.getCampaign(campaign.id)) ?? campaign);
      return isClosed(found.campaign.state)
        ? c.json(outcomeView(found))
        : c.json(campaignView(found.campaign, found.counts), 202);
    },
  });

const outcomeView = ({ campaign, counts, failures }: ClosedMessage) => ({
  ...campaignView(campaign, counts),
  failures: failures.slice(0, MAX_FAILURES).map((it) => ({
    ...failureView(it),
    token: shortToken(it.token),
  })),
});

/** What has come of `promise` within `ms` milliseconds; null: nothing yet. */
async function firstOf<T>(promise: Promise<T | null> | null, ms: number): Promise<T | null> {
  return promise && (await endsWithin(promise, ms)) ? promise : null;
}

async function resultOf(store: Ports['store'], campaign: Campaign): Promise<ClosedMessage> {
  const counts = await store.counts(campaign.id);
  const failures =
    isClosed(campaign.state) && counts.failed > 0
      ? await store.listFailures(campaign.id, null, MAX_FAILURES)
      : null;
  return { campaign, counts, failures: failures?.items ?? [] };
}

/** The result of the campaign once it is closed; null: it is open when the time is up. */
async function closed(
  { store }: Ports,
  campaign: Campaign,
  /** ms until the time is up */
  left: () => number,
): Promise<ClosedMessage | null> {
  for (let pauseMs = LOOK_MS.first; ; pauseMs = Math.min(LOOK_MS.most, 2 * pauseMs)) {
    const it = (await store.getCampaign(campaign.id)) ?? campaign;
    if (isClosed(it.state)) return resultOf(store, it);
    if (left() === 0) return null;
    await wait(Math.min(pauseMs, left()));
  }
}
