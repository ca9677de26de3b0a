/** What an earlier version has stored, brought into the form that is compared today. */

import { z } from '@hono/zod-openapi';
import type { InstallationName, Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';

/** Installations of a call: it is over in seconds even if all of them change. */
const PART = 2_000;

const after = z
  .string()
  .max(1000)
  .refine((it) => nameOf(it) !== null, { message: 'must be the `next` of a call before' })
  .transform(nameOf)
  .nullable()
  .default(null)
  .openapi({
    type: 'string',
    description: 'The `next` of the call before; null begins.',
  });

const body = z.strictObject({ after }).openapi('Normalize');

const normalizedSchema = z
  .object({
    read: z.int(),
    changed: z.int(),
    removed: z.int().openapi({
      description: 'Had a token that is the same as that of another one, which registered later.',
    }),
    next: z.string().nullable().openapi({ description: 'Call again with it; null at the end.' }),
  })
  .openapi('Normalized');
export type NormalizedView = z.output<typeof normalizedSchema>;

export const normalizeCall = ({ store }: Ports) =>
  call({
    method: 'post',
    path: '/v1/installations:normalize',
    operationId: 'normalizeInstallations',
    summary: 'Bring installations into form',
    description:
      'Once after an update of Volley that says so: what an earlier version stored (tokens of APNs ' +
      'in capitals, old names of time zones, what a language is found by) is brought into the form ' +
      'that is compared today, some thousand installations of all apps at each call. To do it again ' +
      'changes nothing.',
    scopes: ['admin'],
    takes: { body },
    responses: {
      200: {
        description: 'A part.',
        content: { 'application/json': { schema: normalizedSchema } },
      },
    },
    async handle({ body }, c) {
      const { next, ...counts } = await store.normalizeInstallations(body.after, PART);
      return c.json({ ...counts, next: next && cursorOf(next) } satisfies NormalizedView);
    },
  });

/** Neither an id nor an app that is encoded has a slash. */
const cursorOf = ({ app, id }: InstallationName) => `${encodeURIComponent(app)}/${id}`;

function nameOf(cursor: string): InstallationName | null {
  const [, app, id] = /^([^/]+)\/([\w.:-]{1,128})$/.exec(cursor) ?? [];
  try {
    return app === undefined || id === undefined ? null : { app: decodeURIComponent(app), id };
  } catch {
    return null;
  }
}
