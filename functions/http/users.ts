/** A user's rights: to have what is known, and to have it erased. */

import { z } from '@hono/zod-openapi';
import { accepts } from 'hono/accepts';
import { erase } from '../pipeline/erase.ts';
import type { Ports, UserRecord } from '../ports/ports.ts';
import { failureView, installationView } from './campaigns/view.ts';
import { type Call, call } from './core/call.ts';

const params = z.strictObject({ id: z.string().min(1).max(128) });

const recordSchema = z
  .looseObject({ kind: z.enum(['installation', 'recipient', 'failure']) })
  .openapi('UserRecord', {
    description: 'An installation, an entry of a frozen list of recipients, or a failure.',
  });

const erasedSchema = z
  .object({ installations: z.int(), recipients: z.int(), failures: z.int() })
  .openapi('Erased');
export type ErasedView = z.output<typeof erasedSchema>;

/** His own tokens are his to see whole. */
function recordView(it: UserRecord): Record<string, unknown> {
  if (it.kind === 'installation') {
    const { kind, ...rest } = it;
    return { kind, ...installationView(rest) };
  }
  if (it.kind === 'failure') {
    const { kind, ...rest } = it;
    return { kind, campaignId: it.campaignId, ...failureView(rest) };
  }
  return { ...it };
}

export function userCalls(ports: Ports): Call[] {
  return [
    call({
      method: 'get',
      path: '/v1/users/{id}/export',
      operationId: 'exportUser',
      summary: 'All that is known of a user',
      description:
        'In every app, from now and from as long ago as is kept. NDJSON where it is asked for.',
      scopes: ['installations'],
      takes: { params },
      responses: {
        200: {
          description: 'Nothing, if there is no such user.',
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
    }),

    call({
      method: 'delete',
      path: '/v1/users/{id}',
      operationId: 'eraseUser',
      summary: 'Erase a user',
      description:
        'Installations, failures, and what is frozen in campaigns, in every app. Who has not been ' +
        'sent to yet is skipped; what campaigns counted stays. To ask again is safe.',
      scopes: ['installations'],
      takes: { params },
      responses: {
        200: {
          description: 'How much that was.',
          content: { 'application/json': { schema: erasedSchema } },
        },
      },
      async handle({ params: { id } }, c) {
        const { installations, recipients, failures } = await erase(ports, id);
        return c.json({ installations, recipients, failures });
      },
    }),
  ];
}

const encoder = new TextEncoder();

async function* lines(records: AsyncIterable<UserRecord[]>) {
  for await (const page of records)
    yield encoder.encode(page.map((it) => `${JSON.stringify(recordView(it))}\n`).join(''));
}
