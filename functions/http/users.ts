/** The calls for a user's rights: export and erasure of the data about them. */

import { accepts } from 'hono/accepts';
import * as z from 'zod';
import { rfc3339 } from '../lib/rfc3339.ts';
import { erase } from '../pipeline/erase.ts';
import type { Ports, UserRecord } from '../ports/ports.ts';
import { failureView } from './campaigns/report-view.ts';
import { type Call, call } from './core/call.ts';
import { installationView } from './installations/view.ts';

const params = z.strictObject({ id: z.string().min(1).max(128) });

const recordSchema = z
  .looseObject({ kind: z.enum(['installation', 'recipient', 'failure', 'receipt']) })
  .meta({
    id: 'UserRecord',
    description:
      'An installation, an entry of a frozen list of recipients, a failure, or a receipt.',
  });

const erasedSchema = z
  .object({
    installations: z.int(),
    recipients: z.int(),
    failures: z.int(),
    queued: z
      .literal(true)
      .optional()
      .meta({ description: 'More may be erased within minutes: there are many campaigns.' }),
  })
  .meta({ id: 'Erased' });
export type ErasedView = z.output<typeof erasedSchema>;

/** Tokens are whole: they are the user's own. */
function recordView(it: UserRecord): Record<string, unknown> {
  switch (it.kind) {
    case 'installation':
      return { kind: it.kind, ...installationView(it) };
    case 'failure':
      return { kind: it.kind, campaignId: it.campaignId, ...failureView(it) };
    case 'receipt':
      return { ...it, at: rfc3339(it.at) };
    case 'recipient':
      return {
        kind: it.kind,
        campaignId: it.campaignId,
        chunkId: it.chunkId,
        app: it.app,
        installationId: it.installationId,
        token: it.token,
        language: it.language,
        values: it.values,
        badge: it.badge,
        outcome: it.outcome,
      };
  }
}

export function userCalls(ports: Ports): Call[] {
  return [exportUserCall(ports), eraseUserCall(ports)];
}

const exportUserCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/users/{id}/export',
    operationId: 'exportUser',
    summary: 'Export the data about a user',
    description:
      'In every app, as far back as data is kept. NDJSON with `Accept: application/x-ndjson`.',
    scopes: ['installations'],
    takes: { params },
    responses: {
      200: {
        description: 'The records; none if the user is unknown.',
        content: {
          'application/json': {
            schema: z.object({ userId: z.string(), items: z.array(recordSchema) }),
          },
          'application/x-ndjson': { schema: z.string() },
        },
      },
    },
    async handle({ params: { id } }, c) {
      const records = ports.store.readUser(id);
      const type = accepts(c, {
        header: 'Accept',
        supports: ['application/json', 'application/x-ndjson'],
        default: 'application/json',
      });
      if (type === 'application/x-ndjson')
        return c.body(ReadableStream.from(lines(records)), 200, { 'Content-Type': type });
      const items: Record<string, unknown>[] = [];
      for await (const page of records) items.push(...page.map(recordView));
      return c.json({ userId: id, items });
    },
  });

const eraseUserCall = (ports: Ports) =>
  call({
    method: 'delete',
    path: '/v1/users/{id}',
    operationId: 'eraseUser',
    summary: 'Erase a user',
    description:
      'Removes installations, failures, receipts and frozen recipients in every app. Recipients that were ' +
      'not sent to yet are skipped; the counts of campaigns stay. The call may be repeated.',
    scopes: ['installations'],
    takes: { params },
    responses: {
      200: {
        description: 'How many records were erased.',
        content: { 'application/json': { schema: erasedSchema } },
      },
      202: {
        description:
          'How many records were erased so far. Campaigns that were not looked through yet are ' +
          'queued, and looked through within minutes. No installation is left.',
        content: { 'application/json': { schema: erasedSchema } },
      },
    },
    async handle({ params: { id } }, c) {
      const { installations, recipients, failures, next } = await erase(ports, id);
      const counts = { installations, recipients, failures };
      return next === null ? c.json(counts) : c.json({ ...counts, queued: true }, 202);
    },
  });

const encoder = new TextEncoder();

async function* lines(records: AsyncIterable<UserRecord[]>) {
  for await (const page of records)
    yield encoder.encode(page.map((it) => `${JSON.stringify(recordView(it))}\n`).join(''));
}
