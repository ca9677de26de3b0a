/** The switch of a whole app: pause, resume or cancel all of its campaigns. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { rfc3339 } from '../lib/rfc3339.ts';
import type { AppPause } from '../model/campaign.ts';
import { environments } from '../model/platform.ts';
import { providers } from '../model/provider/registry.ts';
import { switchApp } from '../pipeline/control/app-pause.ts';
import type { Ports } from '../ports/ports.ts';
import { callerOf } from './auth/authorize.ts';
import { type Call, call } from './core/call.ts';
import { answerProblem, problemResponse } from './core/problem.ts';

const params = z.strictObject({ app: z.string().min(1).max(64) });

const stateSchema = z
  .object({
    app: z.string(),
    paused: z
      .object({ at: z.iso.datetime(), by: z.string() })
      .nullable()
      .openapi({ description: 'Since when it is switched off; null if it is not.' }),
  })
  .openapi('AppState');

const stateView = (app: string, it: AppPause | null) => ({
  app,
  paused: it && { at: rfc3339(it.at), by: it.by },
});
export type AppView = ReturnType<typeof stateView> & { campaigns: number };

const verbs = [
  [
    'pause',
    'Pause all campaigns of an app',
    'Also those that come: each is paused when its turn comes, until the app is resumed.',
  ],
  [
    'resume',
    'Go on with an app',
    'What the switch has paused goes on; what was paused for another reason does not.',
  ],
  [
    'cancel',
    'Cancel all open campaigns of an app',
    'Scheduled ones too. It stays switched off if it was, and new campaigns may come if not.',
  ],
] as const;

const NO_APP = problemResponse(404, 'It has no credentials here.');

const noApp = (c: Context, app: string) =>
  answerProblem(c, 'not-found', `There is no app "${app}": it has no credentials here.`, {
    next: 'Check the name; VOLLEY_APPS names all, and without it there is "default".',
  });

export function appCalls(ports: Ports): Call[] {
  const { store, senders } = ports;
  const has = (app: string) =>
    providers.some((it) => environments.some((where) => senders.get(app, it, where)));
  return [
    call({
      method: 'get',
      path: '/v1/apps/{app}',
      operationId: 'getApp',
      summary: 'Whether an app is switched off',
      scopes: ['read', 'campaigns'],
      takes: { params },
      responses: {
        200: {
          description: 'Its state.',
          content: { 'application/json': { schema: stateSchema } },
        },
        404: NO_APP,
      },
      async handle({ params: { app } }, c) {
        const state = await store.getAppPause(app);
        return state || has(app) ? c.json(stateView(app, state)) : noApp(c, app);
      },
    }),

    ...verbs.map(([verb, summary, description]) =>
      call({
        method: 'post',
        path: `/v1/apps/{app}/${verb}`,
        operationId: `${verb}App`,
        ...{ summary, description },
        scopes: ['campaigns'],
        takes: { params },
        responses: {
          200: {
            description: 'Done to so many campaigns.',
            content: {
              'application/json': {
                schema: z.object({ ...stateSchema.shape, campaigns: z.int() }),
              },
            },
          },
          ...(verb === 'pause' && { 404: NO_APP }),
        },
        async handle({ params: { app } }, c) {
          // a name mistyped in a hurry would stop nobody, and say that it had
          if (verb === 'pause' && !has(app)) return noApp(c, app);
          const campaigns = await switchApp(ports, { app, verb, by: callerOf(c) });
          return c.json({ ...stateView(app, await store.getAppPause(app)), campaigns });
        },
      }),
    ),
  ];
}
