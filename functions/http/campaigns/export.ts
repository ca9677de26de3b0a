/** The call that exports a campaign: what became of each recipient, and each receipt, as a stream. */

import * as z from 'zod';
import type { WarehouseRow } from '../../model/rows.ts';
import { exportRows } from '../../pipeline/export.ts';
import type { Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { campaignParams, NO_CAMPAIGN, noCampaign } from './parts.ts';

const NDJSON = 'application/x-ndjson';

export const exportCampaignCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}/export',
    operationId: 'exportCampaign',
    summary: 'Export what became of each recipient, and each receipt',
    description:
      'One JSON object per line, with its `schema` (1) and `kind`: `recipient`, `receipt`, and last ' +
      '`end` with the number of both. `device` is the same in the receipts and the recipient of an ' +
      'installation. A body without its end is not whole. Tokens are in no row.',
    scopes: ['read'],
    takes: { params: campaignParams },
    responses: {
      200: { description: 'All rows.', content: { [NDJSON]: { schema: z.string() } } },
      404: NO_CAMPAIGN,
      409: problemResponse(
        409,
        'The retention of the campaign has ended: its recipients are deleted.',
      ),
    },
    async handle({ params: { id } }, c) {
      const { store } = ports;
      const campaign = await store.getCampaign(id);
      if (!campaign) return noCampaign(c, id);
      if (!(await store.isKept(campaign)))
        return answerProblem(c, 'conflict', `The recipients of the campaign "${id}" are deleted.`, {
          next: 'The counts are kept: GET /v1/campaigns/{id}/report. Export earlier, or raise VOLLEY_RETENTION_DAYS.',
        });
      c.header('Content-Type', NDJSON);
      c.header('Content-Disposition', `attachment; filename="campaign-${id}.ndjson"`);
      return c.body(stream(ports, id, exportRows(store, campaign)));
    },
  });

/** Reads some rows only after the client has taken those before: the client sets the pace. */
function stream({ log }: Pick<Ports, 'log'>, id: string, rows: AsyncGenerator<WarehouseRow[]>) {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await rows.next();
        if (done) return controller.close();
        controller.enqueue(encoder.encode(value.map((it) => `${JSON.stringify(it)}\n`).join('')));
      } catch (error) {
        // the status is sent already, so only a body that breaks off can tell the client
        log.unexpected({ where: `export of ${id}`, error });
        controller.error(error);
      }
    },
    async cancel() {
      await rows.return(undefined);
    },
  });
}
