/** The calls of one installation: register, change, read, set its badge, remove. */

import type { Context } from 'hono';
import * as z from 'zod';
import { installation } from '../../model/installation.ts';
import type { Scope } from '../../model/key.ts';
import { installationId, registrationSchema } from '../../model/schemas/registration.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Admit, narrow, narrowKeyOf } from '../auth/registration-key.ts';
import { type Call, call } from '../core/call.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { Contradiction, changed, changeSchema } from './change.ts';
import { findInstallationsCall } from './find.ts';
import { pushesCall } from './pushes.ts';
import { installationSchema, installationView } from './view.ts';

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

/** For a server, and for a device with the key in its app. */
const MAY_REGISTER: Scope[] = ['installations', 'register'];

/** `admit` limits the rate of registration keys. */
export function installationCalls(ports: Ports, admit: Admit): Call[] {
  return [
    findInstallationsCall(ports),
    putInstallationCall(ports, admit),
    changeInstallationCall(ports, admit),
    getInstallationCall(ports),
    pushesCall(ports),
    putBadgeCall(ports, admit),
    removeInstallationCall(ports, admit),
  ];
}

const putInstallationCall = ({ store, now }: Ports, admit: Admit) =>
  call({
    method: 'put',
    path: '/v1/installations/{id}',
    operationId: 'putInstallation',
    summary: 'Register an installation',
    description:
      'Replaces the stored installation, with its token. A token belongs to one installation of an ' +
      'app: another one with the same token is removed. A user may have many installations. A key ' +
      'with the scope `register` may send any `userId`: if pushes have secrets, let a server register.',
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
  });

const changeInstallationCall = ({ store, now }: Ports, admit: Admit) =>
  call({
    method: 'patch',
    path: '/v1/installations/{id}',
    operationId: 'changeInstallation',
    summary: 'Change an installation',
    description:
      'Changes the fields that are sent; `null` removes a field, the others stay. For a new token, a ' +
      'login (`userId`), a logout (`"userId": null`), an opt-out (`optedOut`, or `optedOutOf` for some categories), a new `permission`.',
    scopes: MAY_REGISTER,
    admit,
    takes: { params, query, body: changeSchema },
    responses: {
      200: installationResponse('As it is stored.'),
      204: { description: 'For a key with the scope `register`, which may not read.' },
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
        return answerProblem(
          c,
          'invalid-request',
          'The change does not fit the rest of the installation.',
          {
            faults: error.faults,
          },
        );
      }
    },
  });

const getInstallationCall = ({ store }: Ports) =>
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
  });

const putBadgeCall = ({ store }: Ports, admit: Admit) =>
  call({
    method: 'put',
    path: '/v1/installations/{id}/badge',
    operationId: 'putBadge',
    summary: 'Set the badge count',
    description:
      'An app that clears its badge when it is opened sends 0. A message with a badge such as "+1" ' +
      'counts up from the stored value.',
    scopes: MAY_REGISTER,
    admit,
    takes: { params, query, body: z.strictObject({ count: z.int().min(0).max(99_999) }) },
    responses: { 204: { description: 'It is stored.' }, 404: NO_INSTALLATION },
    async handle({ params: { id }, query: { app }, body: { count } }, c) {
      const refusal = narrow(c, app);
      if (refusal) return refusal;
      if (!(await store.getInstallation(app, id))) return missing(c, app, id);
      await store.setBadge(app, id, count);
      return c.body(null, 204);
    },
  });

const removeInstallationCall = ({ store }: Ports, admit: Admit) =>
  call({
    method: 'delete',
    path: '/v1/installations/{id}',
    operationId: 'removeInstallation',
    summary: 'Remove an installation',
    scopes: MAY_REGISTER,
    admit,
    takes: { params, query },
    responses: { 204: { description: 'It is gone.' }, 404: NO_INSTALLATION },
    async handle({ params: { id }, query: { app } }, c) {
      const refusal = narrow(c, app);
      if (refusal) return refusal;
      return (await store.deleteInstallation(app, id)) ? c.body(null, 204) : missing(c, app, id);
    },
  });
