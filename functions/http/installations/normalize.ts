/** The call that normalizes installations that an earlier version has stored. */

import * as z from 'zod';
import type { InstallationName, Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';

/** Installations of one call: it takes seconds even if all of them change. */
const PART = 2_000;

const after = z
  .string()
  .max(1000)
  .refine((it) => nameOf(it) !== null, { message: 'must be the `next` of an earlier call' })
  .transform(nameOf)
  .nullable()
  .default(null)
  .meta({
    type: 'string',
    description: 'The `next` of the call before; null to begin.',
  });

const body = z.strictObject({ after }).meta({ id: 'Normalize' });

const normalizedSchema = z
  .object({
    read: z.int(),
    changed: z.int(),
    removed: z.int().meta({
      description: 'Had the same token as another installation, which registered later.',
    }),
    next: z.string().nullable().meta({ description: 'Call again with it; null at the end.' }),
  })
  .meta({ id: 'Normalized' });
export type NormalizedView = z.output<typeof normalizedSchema>;

export const normalizeCall = ({ store }: Ports) =>
  call({
    method: 'post',
    path: '/v1/installations:normalize',
    operationId: 'normalizeInstallations',
    summary: 'Normalize stored installations',
    description:
      'To be called once after an update of Volley that asks for it. Values that an earlier version ' +
      'stored (APNs tokens in capitals, old names of time zones, search keys of languages) get the ' +
      'form that is compared today, for some thousand installations of all apps in each call. ' +
      'Repeated calls change nothing.',
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

/** Neither an id nor an encoded app has a slash. */
const cursorOf = ({ app, id }: InstallationName) => `${encodeURIComponent(app)}/${id}`;

function nameOf(cursor: string): InstallationName | null {
  const [, app, id] = /^([^/]+)\/([\w.:-]{1,128})$/.exec(cursor) ?? [];
  try {
    return app === undefined || id === undefined ? null : { app: decodeURIComponent(app), id };
  } catch {
    return null;
  }
}
