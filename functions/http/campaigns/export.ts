/** The calls that export a campaign: what became of each recipient, and each receipt, as rows. */

import type { Context } from 'hono';
import * as z from 'zod';
import { Expired } from '../../lib/errors.ts';
import { rfc3339 } from '../../lib/rfc3339.ts';
import type { WarehouseRow } from '../../model/rows.ts';
import { exportRows, publishRows } from '../../pipeline/export.ts';
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
      if (!(await store.isKept(campaign))) return deleted(c, id);
      c.header('Content-Type', NDJSON);
      c.header('Content-Disposition', `attachment; filename="campaign-${id}.ndjson"`);
      return c.body(stream(ports, id, exportRows(store, campaign)));
    },
  });

const publishedSchema = z
  .object({
    run: z.iso.datetime().meta({ description: 'Names this export in its events.' }),
    events: z.int(),
    recipients: z.int(),
    receipts: z.int(),
  })
  .meta({ id: 'PublishedRows' });
export type PublishedView = z.output<typeof publishedSchema>;

export const publishRowsCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/campaigns/{id}/export',
    operationId: 'publishRows',
    summary: 'Publish the rows of a campaign for a data warehouse',
    description:
      'The same rows as of GET, in events `warehouse.rows` to the topic of events, about 2,000 in each. ' +
      'The last event, with the row `end`, follows all others. Asked for again, all are published again ' +
      'under another `run`.',
    scopes: ['campaigns'],
    takes: { params: campaignParams },
    responses: {
      200: {
        description: 'All rows are published.',
        content: { 'application/json': { schema: publishedSchema } },
      },
      404: NO_CAMPAIGN,
      409: problemResponse(409, 'This engine has no topic, or the recipients are deleted.'),
    },
    async handle({ params: { id } }, c) {
      const campaign = await ports.store.getCampaign(id);
      if (!campaign) return noCampaign(c, id);
      if (!ports.events.isTopic)
        return answerProblem(c, 'conflict', 'This engine publishes to no topic.', {
          next: 'Take the rows from GET /v1/campaigns/{id}/export.',
        });
      if (!(await ports.store.isKept(campaign))) return deleted(c, id);
      try {
        const { run, ...counts } = await publishRows(ports, campaign);
        return c.json({ run: rfc3339(run), ...counts });
      } catch (error) {
        if (error instanceof Expired) return deleted(c, id);
        throw error;
      }
    },
  });

const deleted = (c: Context, id: string) =>
  answerProblem(c, 'conflict', `The recipients of the campaign "${id}" are deleted.`, {
    next:
      'The counts are kept: GET /v1/campaigns/{id}/report. Export earlier, or raise ' +
      'VOLLEY_RETENTION_DAYS.',
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
