/** The call of a campaign's receipts: how many devices reported what, and when it was opened. */

import * as z from 'zod';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { countsOf } from '../../pipeline/costs.ts';
import {
  type Curve,
  openingCurve,
  type ReceiptSummary,
  receiptSummary,
} from '../../pipeline/receipt-report.ts';
import type { Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';
import { type FieldsOf, json } from '../core/json.ts';
import { campaignParams, MAY_LOOK, NO_CAMPAIGN, noCampaign } from './parts.ts';
import { receiptsSchema, receiptsView } from './view.ts';

const receiptsOfCampaign = z
  .object({
    receipts: receiptsSchema.nullable().meta({
      description: 'Null if its pushes carry no receipt key: the app has receipts switched off.',
    }),
    opened: z.object({
      everyMinutes: z.int().meta({ description: 'Between two points.' }),
      exact: z.boolean().meta({
        description: 'False: the curve is drawn from a part of the receipts; its end is exact.',
      }),
      points: z
        .array(z.object({ at: z.iso.datetime(), opened: z.int() }))
        .meta({ description: 'Devices that had opened it by then, the oldest point first.' }),
    }),
  })
  .meta({ id: 'CampaignReceipts' });

const campaignReceiptsView = (summary: ReceiptSummary | null, { step, isExact, points }: Curve) =>
  ({
    receipts: summary && receiptsView(summary),
    opened: {
      everyMinutes: step,
      exact: isExact,
      points: points.map(({ at, opened }) => ({ at: rfc3339(at), opened })),
    },
  }) satisfies FieldsOf<typeof receiptsOfCampaign>;
export type CampaignReceiptsView = ReturnType<typeof campaignReceiptsView>;

export const receiptsCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}/receipts',
    operationId: 'getReceipts',
    summary: 'Read what devices reported of a campaign',
    description:
      'How many devices opened it, got it and dismissed it, and how many had opened it when: at most ' +
      '121 points, none once the retention of the campaign has ended. The curve costs up to 64 reads ' +
      'of Firestore.',
    scopes: MAY_LOOK,
    takes: { params: campaignParams },
    responses: { 200: json('The receipts.', receiptsOfCampaign), 404: NO_CAMPAIGN },
    async handle({ params: { id } }, c) {
      const campaign = await ports.store.getCampaign(id);
      if (!campaign) return noCampaign(c, id);
      const summary = await receiptSummary(ports, campaign, await countsOf(ports.store, campaign));
      const curve = await openingCurve(ports, campaign, summary?.counts.opened ?? 0);
      return c.json(campaignReceiptsView(summary, curve));
    },
  });
