/** The calls that find installations by a user or a token. */

import type { Context } from 'hono';
import * as z from 'zod';
import { tokenForms, tokenOf } from '../../model/canonical/token.ts';
import type { Installation } from '../../model/installation.ts';
import type { Scope } from '../../model/key.ts';
import { tokenForm } from '../../model/platform.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';
import type { Page, Ports } from '../../ports/ports.ts';
import { type Call, call } from '../core/call.ts';
import { pageOf, pageQuery } from '../core/json.ts';
import { installationSchema, installationView } from './view.ts';

const MAY_FIND: Scope[] = ['read', 'installations'];

const fields = {
  app: registrationSchema.shape.app,
  userId: registrationSchema.shape.userId,
  token: z
    .string()
    .max(4096)
    // as it is copied from a log or a debugger; no token has a space in it
    .transform((it) => it.replaceAll(/\s+/g, ''))
    .refine((it) => tokenForm.test(it), { message: 'must be printable ASCII' })
    .optional()
    .meta({ type: 'string', description: 'In any spelling: capitals of an APNs token, spaces.' }),
};

const ONE = {
  error: 'must have a userId or a token, and not both',
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};
const hasOne = ({ userId, token }: { userId?: unknown; token?: unknown }) =>
  (userId === undefined) !== (token === undefined);

const query = pageQuery(128).extend(fields).refine(hasOne, ONE);

const body = z
  .strictObject({
    ...fields,
    limit: z.int().min(1).max(100).default(20),
    after: z.string().max(128).optional(),
  })
  .refine(hasOne, ONE)
  .meta({ id: 'FindInstallations' });

type Asked = z.output<typeof query>;

async function found({ store }: Ports, asked: Asked): Promise<Page<Installation>> {
  const { app, userId, token, after = null, limit } = asked;
  if (userId !== undefined) return store.installationsOfUser(app, userId, after, limit);
  const all = await store.installationsWithTokens(app, tokenForms(token!));
  // a text may be a token of two providers, and only one of these ignores capitals
  const items = all.filter((it) => tokenOf(it.provider, token!) === it.token);
  return { items, next: null };
}

async function answer(ports: Ports, asked: Asked, c: Context) {
  const { items, next } = await found(ports, asked);
  return c.json({ items: items.map(installationView), next });
}

export const findInstallationsCall = (ports: Ports): Call =>
  call({
    method: 'get',
    path: '/v1/installations',
    operationId: 'findInstallations',
    summary: 'Find the installations of a user, or the one with a token',
    description:
      'Of one app, those that have opted out too. Proxies and the request log of Cloud Run keep ' +
      'addresses: `POST /v1/installations:find` takes the token in its body.',
    scopes: MAY_FIND,
    takes: { query },
    responses: { 200: pageOf(installationSchema) },
    handle: ({ query }, c) => answer(ports, query, c),
  });

export const lookUpInstallationsCall = (ports: Ports): Call =>
  call({
    method: 'post',
    path: '/v1/installations:find',
    operationId: 'lookUpInstallations',
    summary: 'Find installations, with the token or the user in the body',
    description: 'The same as `GET /v1/installations`. No request log shows the token.',
    scopes: MAY_FIND,
    takes: { body },
    responses: { 200: pageOf(installationSchema) },
    handle: ({ body }, c) => answer(ports, body, c),
  });
