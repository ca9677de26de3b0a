/** Installations: what an app says of itself on a device. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { installation } from '../../model/installation.ts';
import type { Scope } from '../../model/key.ts';
import { installationId, registrationSchema } from '../../model/schemas/registration.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Admit, narrow, narrowKeyOf } from '../auth/registration-key.ts';
import { installationSchema, installationView } from '../campaigns/view.ts';
import { type Call, call } from '../core/call.ts';
import { answerProblem, problemResponse } from '../core/problem.ts';
import { Contradiction, changed, changeSchema } from './change.ts';

const params = z.strictObject({ id: installationId });
const query = z.strictObject({ app: registrationSchema.shape.app });

const NO_INSTALLATION = problemResponse(404, 'The app has no such installation.');

const missing = (c: Context, app: string, id: string) =>
  answerProblem(c, 'not-found', `There is no installation "${id}" of the app "${app}".`, {
    next: 'Check the id, and the app in the query.',
  });

const installationResponse = (description: string) => ({
  description,
  content: { 'application/json': { schema: installationSchema } },
});

/** A device, by a key that lies in its app, and a server. */
const MAY_REGISTER: Scope[] = ['installations', 'register'];

/** `admit` holds back a key that may only register. */
export function installationCalls({ store, now }: Ports, admit: Admit): Call[] {
  return [
    call({
      method: 'put',
      path: '/v1/installations/{id}',
      operationId: 'putInstallation',
      summary: 'Register an installation',
      description:
        'Replaces what was there, its token too. A token belongs to one installation of an app: ' +
        'another one that has it is removed; a user may have many. Whoever has a key with the scope ' +
        '`register` can say any `userId`: where pushes tell secrets, let a server register.',
      scopes: MAY_REGISTER,
      admit,
      takes: { params, body: registrationSchema },
      responses: { 200: installationResponse('As it is stored.') },
      async handle({ params: { id }, body }, c) {
        const refusal = narrow(c, body.app);
        if (refusal) return refusal;
        const it = installation(id, body, now());
        await store.putInstallations([it]);
        return c.json(installationView(it));
      },
    }),

    call({
      method: 'patch',
      path: '/v1/installations/{id}',
      operationId: 'changeInstallation',
      summary: 'Change an installation',
      description:
        'What is named is changed, `null` takes it out, the rest stays: a new token, a login ' +
        '(`userId`) and a logout (`"userId": null`), an opt-out (`optedOut`).',
      scopes: MAY_REGISTER,
      admit,
      takes: { params, query, body: changeSchema },
      responses: {
        200: installationResponse('As it is stored.'),
        204: { description: 'To a key with the scope `register`: it may not read.' },
        404: NO_INSTALLATION,
      },
      async handle({ params: { id }, query: { app }, body }, c) {
        const refusal = narrow(c, app);
        if (refusal) return refusal;
        try {
          const it = await store.updateInstallation(app, id, (old) => changed(old, body, now()));
          if (!it) return missing(c, app, id);
          return narrowKeyOf(c) ? c.body(null, 204) : c.json(installationView(it));
        } catch (error) {
          if (!(error instanceof Contradiction)) throw error;
          return answerProblem(c, 'invalid-request', 'It would not fit the rest of it.', {
            faults: error.faults,
          });
        }
      },
    }),

    call({
      method: 'get',
      path: '/v1/installations/{id}',
      operationId: 'getInstallation',
      summary: 'Look at an installation',
      scopes: ['read', 'installations'],
      takes: { params, query },
      responses: { 200: installationResponse('The installation.'), 404: NO_INSTALLATION },
      async handle({ params: { id }, query: { app } }, c) {
        const it = await store.getInstallation(app, id);
        return it ? c.json(installationView(it)) : missing(c, app, id);
      },
    }),

    call({
      method: 'put',
      path: '/v1/installations/{id}/badge',
      operationId: 'putBadge',
      summary: 'Say what the badge shows',
      description:
        'An app that is opened, and clears its badge, says 0. A message with a badge such as "+1" ' +
        'counts up from there.',
      scopes: MAY_REGISTER,
      admit,
      takes: { params, query, body: z.strictObject({ count: z.int().min(0).max(99_999) }) },
      responses: { 204: { description: 'It is kept.' }, 404: NO_INSTALLATION },
      async handle({ params: { id }, query: { app }, body: { count } }, c) {
        const refusal = narrow(c, app);
        if (refusal) return refusal;
        if (!(await store.getInstallation(app, id))) return missing(c, app, id);
        await store.setBadge(app, id, count);
        return c.body(null, 204);
      },
    }),

    call({
      method: 'delete',
      path: '/v1/installations/{id}',
      operationId: 'removeInstallation',
      summary: 'Forget an installation',
      scopes: MAY_REGISTER,
      admit,
      takes: { params, query },
      responses: { 204: { description: 'It is gone.' }, 404: NO_INSTALLATION },
      async handle({ params: { id }, query: { app } }, c) {
        const refusal = narrow(c, app);
        if (refusal) return refusal;
        return (await store.deleteInstallation(app, id)) ? c.body(null, 204) : missing(c, app, id);
      },
    }),
  ];
}
