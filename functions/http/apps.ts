/** The calls of the app pause: pause, resume or cancel all campaigns of an app. */

import type { Context } from 'hono';
import * as z from 'zod';
import { rfc3339 } from '../lib/rfc3339.ts';
import type { AppPause } from '../model/campaign.ts';
import { environments } from '../model/platform.ts';
import { providers } from '../model/provider/registry.ts';
import { controlApp } from '../pipeline/control/app-pause.ts';
import type { Ports } from '../ports/ports.ts';
import { callerOf } from './auth/authorize.ts';
import { type Call, call } from './core/call.ts';
import { answerProblem } from './core/problem.ts';
import { problemResponse } from './core/problem-response.ts';

const params = z.strictObject({ app: z.string().min(1).max(64) });

const stateSchema = z
  .object({
    app: z.string(),
    paused: z.object({ at: z.iso.datetime(), by: z.string() }).nullable().meta({
      description: 'Since when the app is paused, and by whose call; null if it is not.',
    }),
  })
  .meta({ id: 'AppState' });

const stateView = (app: string, it: AppPause | null) => ({
  app,
  paused: it && { at: rfc3339(it.at), by: it.by },
});
export type AppView = ReturnType<typeof stateView> & { campaigns: number };

const verbs = [
  [
    'pause',
    'Pause all campaigns of an app',
    'New campaigns too: each is paused when it would begin, until the app is resumed.',
  ],
  [
    'resume',
    'Resume an app',
    'Campaigns that the pause of the app has paused go on; those paused for another reason do not.',
  ],
  [
    'cancel',
    'Cancel all open campaigns of an app',
    'Scheduled ones too. A paused app stays paused; otherwise new campaigns may be sent.',
  ],
] as const;

const NO_APP = problemResponse(404, 'The app has no credentials here.');

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
      summary: 'Look at an app: is it paused?',
      scopes: ['read', 'campaigns'],
      takes: { params },
      responses: {
        200: {
          description: 'The state of the app.',
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
        summary,
        description,
        scopes: ['campaigns'],
        takes: { params },
        responses: {
          200: {
            description: 'The state of the app, and the number of campaigns that were changed.',
            content: {
              'application/json': {
                schema: z.object({ ...stateSchema.shape, campaigns: z.int() }),
              },
            },
          },
          ...(verb === 'pause' && { 404: NO_APP }),
        },
        async handle({ params: { app } }, c) {
          // pausing a mistyped name would stop nothing and look like success
          if (verb === 'pause' && !has(app)) return noApp(c, app);
          const campaigns = await controlApp(ports, { app, verb, by: callerOf(c) });
          return c.json({ ...stateView(app, await store.getAppPause(app)), campaigns });
        },
      }),
    ),
  ];
}
