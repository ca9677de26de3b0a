/** Installations: what an app says of itself on a device. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { installation } from '../pipeline/installation.ts';
import { installationId, registrationSchema } from '../pipeline/registration.ts';
import type { Ports } from '../ports.ts';
import { type Call, call } from './call.ts';
import { answerProblem } from './problem.ts';
import { installationSchema, installationView } from './views.ts';

const params = z.strictObject({ id: installationId });
const query = z.strictObject({ app: registrationSchema.shape.app });

const missing = (c: Context, app: string, id: string) =>
  answerProblem(c, 'not-found', `There is no installation "${id}" of the app "${app}".`, {
    next: 'Check the id, and the app in the query.',
  });

const installationResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: installationSchema } },
});

export function installationCalls({ store, now }: Ports): Call[] {
  return [
    call({
      method: 'put',
      path: '/v1/installations/{id}',
      summary: 'Register an installation',
      description:
        'Replaces what was there, its token too. A token belongs to one installation of an app: ' +
        'another one that has it is removed.',
      scopes: ['installations'],
      takes: { params, body: registrationSchema },
      responses: { 200: installationResponse('As it is stored.') },
      async handle({ params: { id }, body }, c) {
        const it = installation(id, body, now());
        await store.putInstallations([it]);
        return c.json(installationView(it));
      },
    }),

    call({
      method: 'get',
      path: '/v1/installations/{id}',
      summary: 'Look at an installation',
      scopes: ['read', 'installations'],
      takes: { params, query },
      responses: { 200: installationResponse('The installation.') },
      async handle({ params: { id }, query: { app } }, c) {
        const it = await store.getInstallation(app, id);
        return it ? c.json(installationView(it)) : missing(c, app, id);
      },
    }),

    call({
      method: 'put',
      path: '/v1/installations/{id}/badge',
      summary: 'Say what the badge shows',
      description:
        'An app that is opened, and clears its badge, says 0. A message with a badge such as "+1" ' +
        'counts up from there.',
      scopes: ['installations'],
      takes: { params, query, body: z.strictObject({ count: z.int().min(0).max(99_999) }) },
      responses: { 204: { description: 'It is kept.' } },
      async handle({ params: { id }, query: { app }, body: { count } }, c) {
        if (!(await store.getInstallation(app, id))) return missing(c, app, id);
        await store.setBadge(app, id, count);
        return c.body(null, 204);
      },
    }),

    call({
      method: 'delete',
      path: '/v1/installations/{id}',
      summary: 'Forget an installation',
      scopes: ['installations'],
      takes: { params, query },
      responses: { 204: { description: 'It is gone.' } },
      async handle({ params: { id }, query: { app } }, c) {
        return (await store.deleteInstallation(app, id)) ? c.body(null, 204) : missing(c, app, id);
      },
    }),
  ];
}
