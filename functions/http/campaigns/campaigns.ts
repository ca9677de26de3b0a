/** The calls that send campaigns and read their state and reports. */

import { accepts } from 'hono/accepts';
import * as z from 'zod';
import { campaignRequestSchema } from '../../model/schemas/campaign.ts';
import { accept } from '../../pipeline/accept/accept.ts';
import { report, reportText } from '../../pipeline/report.ts';
import type { Ports } from '../../ports/ports.ts';
import { callerOf } from '../auth/authorize.ts';
import { type Call, call } from '../core/call.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { controlCalls } from './control.ts';
import { exportCampaignCall, publishRowsCall } from './export.ts';
import { failuresCall } from './failures.ts';
import { listCampaignsCall } from './list.ts';
import {
  campaignParams,
  campaignResponse,
  idempotencyKey,
  MAY_LOOK,
  NO_CAMPAIGN,
  noCampaign,
} from './parts.ts';
import { receiptsCall } from './receipts.ts';
import { recipientCall } from './recipient.ts';
import { reportSchema, reportView } from './report-view.ts';
import { fullView, storedView } from './view.ts';

export function campaignCalls(ports: Ports): Call[] {
  return [
    sendCampaignCall(ports),
    listCampaignsCall(ports),
    getCampaignCall(ports),
    getReportCall(ports),
    receiptsCall(ports),
    failuresCall(ports),
    exportCampaignCall(ports),
    publishRowsCall(ports),
    recipientCall(ports),
    ...controlCalls(ports),
  ];
}

const sendCampaignCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/campaigns',
    operationId: 'sendCampaign',
    summary: 'Send a campaign',
    description: 'Answers as soon as the campaign is stored; it is sent from there.',
    scopes: ['campaigns'],
    takes: {
      headers: z.object({ 'idempotency-key': idempotencyKey }),
      body: campaignRequestSchema,
    },
    responses: {
      202: {
        ...campaignResponse('Accepted, now or by an earlier request with this Idempotency-Key.'),
        headers: z.object({ Location: z.string() }),
      },
      409: problemResponse(409, 'The Idempotency-Key came with another body before.'),
      422: problemResponse(422, 'It could never be sent: too large, or no credentials for it.'),
    },
    async handle({ headers, body }, c) {
      const accepted = await accept(ports, body, headers['idempotency-key'] ?? null, callerOf(c));
      if (accepted.kind === 'conflict')
        return answerProblem(c, 'conflict', 'This Idempotency-Key came with another body.', {
          next: 'Use a new key for a new campaign; send the same body to ask for the earlier one.',
        });
      if (accepted.kind === 'refused')
        return answerProblem(c, 'refused', 'The campaign could not be sent.', {
          faults: accepted.faults,
        });
      const { campaign } = accepted;
      c.header('Location', `/v1/campaigns/${campaign.id}`);
      return c.json(await storedView(ports, campaign), 202);
    },
  });

const getCampaignCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}',
    operationId: 'getCampaign',
    summary: 'Look at a campaign: its state and live counts',
    scopes: MAY_LOOK,
    takes: { params: campaignParams },
    responses: { 200: campaignResponse('The campaign.'), 404: NO_CAMPAIGN },
    async handle({ params: { id } }, c) {
      const campaign = await ports.store.getCampaign(id);
      return campaign ? c.json(await fullView(ports, campaign)) : noCampaign(c, id);
    },
  });

const getReportCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}/report',
    operationId: 'getReport',
    summary: 'Read the report of a campaign',
    description: 'With `Accept: text/plain`, as text to post to a chat.',
    scopes: MAY_LOOK,
    takes: { params: campaignParams },
    responses: {
      200: {
        description: 'The report; of an open campaign, its results so far.',
        content: {
          'application/json': { schema: reportSchema },
          'text/plain': { schema: z.string() },
        },
      },
      404: NO_CAMPAIGN,
    },
    async handle({ params: { id } }, c) {
      const found = await report(ports, id);
      if (!found) return noCampaign(c, id);
      const type = accepts(c, {
        header: 'Accept',
        supports: ['application/json', 'text/plain'],
        default: 'application/json',
      });
      return type === 'text/plain' ? c.text(reportText(found)) : c.json(reportView(found));
    },
  });
