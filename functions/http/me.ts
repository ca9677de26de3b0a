/** The call that says who calls: what the console and `volley whoami` show. */

import * as z from 'zod';
import { scopes } from '../model/key.ts';
import { callerOf, keyOf, scopesOf } from './auth/authorize.ts';
import { call } from './core/call.ts';
import { type FieldsOf, json } from './core/json.ts';

const meSchema = z
  .object({
    name: z.string().meta({
      description: 'As histories name the caller.',
      example: 'key "shop-backend"',
    }),
    scopes: z.array(z.enum(scopes)),
    app: z.string().nullable().meta({ description: 'The only app of a registration key.' }),
    simulated: z.boolean().meta({
      description: 'True if the providers are simulated here: no device gets anything.',
    }),
  })
  .meta({ id: 'Me' });
export type MeView = z.output<typeof meSchema>;

export const meCall = (isSimulated: boolean) =>
  call({
    method: 'get',
    path: '/v1/me',
    operationId: 'getMe',
    summary: 'Look at who calls: its name and its scopes',
    description: 'For any API key, and for any Firebase user, also one without a role.',
    scopes: [],
    takes: {},
    responses: { 200: json('The caller.', meSchema) },
    handle: (_, c) =>
      c.json({
        name: callerOf(c),
        scopes: scopesOf(c),
        app: keyOf(c)?.app ?? null,
        simulated: isSimulated,
      } satisfies FieldsOf<typeof meSchema>),
  });
