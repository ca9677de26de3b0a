/** The call that lists the failures of a campaign: in pages, or all of them as a stream. */

import { accepts } from 'hono/accepts';
import * as z from 'zod';
import type { Failure } from '../../model/chunk.ts';
import type { Page, Ports, Store } from '../../ports/ports.ts';
import { call } from '../core/call.ts';
import { PAGE } from '../core/json.ts';

import { campaignParams, NO_CAMPAIGN, noCampaign } from './parts.ts';
import { type FailureView, failureSchema, failureView } from './report-view.ts';

/** Failures that a stream reads and writes in one step: about 300 KB. */
const STREAM_PAGE = 1000;

const types = ['application/json', 'text/csv', 'application/x-ndjson'];

export const failuresCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns/{id}/failures',
    operationId: 'listFailures',
    summary: 'List the failures of a campaign',
    description:
      'JSON comes in pages of `limit`. With `Accept: text/csv` or `application/x-ndjson` all that ' +
      'follow `after` come in one stream. In CSV a cell that a spreadsheet would take for a ' +
      "formula begins with '.",
    scopes: ['read'],
    takes: {
      params: campaignParams,
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(1000).default(100),
        after: z.string().max(512).optional(),
      }),
    },
    responses: {
      200: {
        description: `All, or: ${PAGE}`,
        content: {
          'application/json': {
            schema: z.object({ items: z.array(failureSchema), next: z.string().nullable() }),
          },
          'text/csv': { schema: z.string() },
          'application/x-ndjson': { schema: z.string() },
        },
      },
      404: NO_CAMPAIGN,
    },
    async handle({ params: { id }, query }, c) {
      if (!(await ports.store.getCampaign(id))) return noCampaign(c, id);
      const after = query.after ?? null;
      const type = accepts(c, { header: 'Accept', supports: types, default: 'application/json' });
      if (type === 'application/json') {
        const page = await ports.store.listFailures(id, after, query.limit);
        return c.json({ items: page.items.map(failureView), next: page.next });
      }
      const csv = type === 'text/csv';
      c.header('Content-Type', csv ? 'text/csv; charset=utf-8' : type);
      const suffix = csv ? 'csv' : 'ndjson';
      c.header('Content-Disposition', `attachment; filename="failures-${id}.${suffix}"`);
      const line = csv ? csvLine : (it: FailureView) => `${JSON.stringify(it)}\n`;
      // read before the answer begins: the cursor may be wrong, or the store unavailable
      const first = await ports.store.listFailures(id, after, STREAM_PAGE);
      return c.body(stream(ports, id, first, csv ? `${columns.join(',')}\n` : '', line));
    },
  });

/** Reads a page only after the client has taken the one before: the client sets the pace. */
function stream(
  { store, log }: { store: Store; log: Ports['log'] },
  id: string,
  first: Page<Failure>,
  head: string,
  line: (it: FailureView) => string,
) {
  const encoder = new TextEncoder();
  let next: Page<Failure> | null = first;
  let after: string | null = null;
  let text = head;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const page: Page<Failure> = next ?? (await store.listFailures(id, after, STREAM_PAGE));
        next = null;
        for (const it of page.items) text += line(failureView(it));
        if (text) controller.enqueue(encoder.encode(text));
        text = '';
        after = page.next;
        if (after === null) controller.close();
      } catch (error) {
        // the status is sent already, so only a body that breaks off can tell the client
        log.unexpected({ where: `failures of ${id}`, error });
        controller.error(error);
      }
    },
  });
}

const columns = Object.keys(failureSchema.shape) as (keyof FailureView)[];

const csvLine = (it: FailureView) => `${columns.map((name) => cell(String(it[name]))).join(',')}\n`;

/** Quoted where RFC 4180 asks for it; formulas defused: https://owasp.org/www-community/attacks/CSV_Injection */
function cell(text: string) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
