/** The calls of API keys: create, list, revoke. */

import * as z from 'zod';
import { rfc3339OrNull } from '../lib/rfc3339.ts';
import { type ApiKey, scopes } from '../model/key.ts';
import { registrationSchema } from '../model/schemas/registration.ts';
import type { Ports } from '../ports/ports.ts';
import { hashKey, keyOf, makeKey } from './auth/authorize.ts';
import { type Call, call } from './core/call.ts';
import { answerProblem } from './core/problem.ts';
import { problemResponse } from './core/problem-response.ts';

export const MAX_KEYS = 1_000;
/** The id of a key is the beginning of its hash: unique, and useless for calls. */
const idOf = ({ hash }: ApiKey) => hash.slice(0, 16);

const request = z
  .strictObject({
    name: z.string().trim().min(1).max(64),
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
    app: registrationSchema.shape.app.unwrap().optional().meta({
      description: 'For a key with the scope `register`: the app that it registers for.',
    }),
  })
  .superRefine((it, context) => {
    const say = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const registers = it.scopes.includes('register');
    if (registers && it.scopes.length > 1)
      say(
        'scopes',
        'register goes with no other scope: such a key lies in an app, where anyone can read it',
      );
    if (registers && it.app === undefined)
      say('app', 'is missing: a registration key is for one app');
    if (!registers && it.app !== undefined) say('app', 'goes with the scope register only');
  })
  .meta({ id: 'KeyRequest' });

const keySchema = z
  .object({
    id: z.string().meta({ example: '3f1c9a0b5d7e2c4a' }),
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    app: z.string().nullable(),
    createdAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Key' });
export type KeyView = z.output<typeof keySchema>;

const keyView = (it: ApiKey): KeyView => ({
  id: idOf(it),
  name: it.name,
  scopes: it.scopes,
  app: it.app ?? null,
  createdAt: rfc3339OrNull(it.createdAt ?? null),
});

const newKeySchema = z
  .object({
    ...keySchema.shape,
    key: z.string().meta({ description: 'Shown only now; only its hash is stored.' }),
  })
  .meta({ id: 'NewKey' });
export type NewKey = z.output<typeof newKeySchema>;

export function keyCalls(ports: Ports): Call[] {
  return [createKeyCall(ports), listKeysCall(ports), revokeKeyCall(ports)];
}

const createKeyCall = ({ store, now }: Ports) =>
  call({
    method: 'post',
    path: '/v1/keys',
    operationId: 'createKey',
    summary: 'Create an API key',
    scopes: ['admin'],
    takes: { body: request },
    responses: {
      201: { description: 'The key.', content: { 'application/json': { schema: newKeySchema } } },
      409: problemResponse(409, 'There are too many.'),
    },
    async handle({ body: { name, scopes, app } }, c) {
      if ((await store.listKeys()).length >= MAX_KEYS)
        return answerProblem(c, 'conflict', `There are ${MAX_KEYS} keys already.`, {
          next: 'Revoke keys that are not used any more.',
        });
      const key = makeKey();
      const made: ApiKey = {
        hash: hashKey(key),
        name,
        scopes: [...new Set(scopes)],
        createdAt: now(),
        ...(app !== undefined && { app }),
      };
      await store.putKey(made);
      return c.json({ ...keyView(made), key }, 201);
    },
  });

const listKeysCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/keys',
    operationId: 'listKeys',
    summary: 'List the API keys',
    scopes: ['admin'],
    takes: {},
    responses: {
      200: {
        description: 'All of them, none with its secret.',
        content: { 'application/json': { schema: z.object({ items: z.array(keySchema) }) } },
      },
    },
    async handle(_, c) {
      const all = (await store.listKeys()).map(keyView);
      return c.json({ items: all.sort((a, b) => (a.name < b.name ? -1 : 1)) });
    },
  });

const revokeKeyCall = ({ store }: Ports) =>
  call({
    method: 'delete',
    path: '/v1/keys/{id}',
    operationId: 'revokeKey',
    summary: 'Revoke an API key',
    description:
      'Instances that have used the key in the last 30 seconds may take it for 30 seconds more.',
    scopes: ['admin'],
    takes: {
      params: z.strictObject({
        id: z.string().regex(/^[0-9a-f]{16}$/, 'must be the id of a key: 16 hexadecimal digits'),
      }),
    },
    responses: {
      204: { description: 'It is revoked.' },
      404: problemResponse(404, 'There is no such key.'),
      409: problemResponse(409, 'It is the key of this call.'),
    },
    async handle({ params: { id } }, c) {
      const found = (await store.listKeys()).find((it) => idOf(it) === id);
      if (found && found.hash === keyOf(c)?.hash)
        return answerProblem(c, 'conflict', 'That is the key of this request.', {
          next: 'Revoke it with another one that has the scope admin.',
        });
      if (found && (await store.deleteKey(found.hash))) return c.body(null, 204);
      return answerProblem(c, 'not-found', `There is no key "${id}".`, {
        next: 'GET /v1/keys lists all.',
      });
    },
  });
