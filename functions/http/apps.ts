/** The calls of apps: which there are; pause, resume or cancel all campaigns of one. */

import type { Context } from 'hono';
import * as z from 'zod';
import { rfc3339 } from '../lib/rfc3339.ts';
import type { AppPause } from '../model/campaign.ts';
import type { Scope } from '../model/key.ts';
import { providers } from '../model/provider/registry.ts';
import { controlApp } from '../pipeline/control/app-pause.ts';
import type { Ports, SendingApp } from '../ports/ports.ts';
import { callerOf } from './auth/authorize.ts';
import { type Call, call } from './core/call.ts';
import { type FieldsOf, pageOf, pageQuery } from './core/json.ts';
import { answerProblem } from './core/problem.ts';
import { problemResponse } from './core/problem-response.ts';

/** A key that sends may see what it sends for. */
export const MAY_LOOK: Scope[] = ['read', 'campaigns'];

export const appParams = z.strictObject({ app: z.string().min(1).max(64) });

const stateSchema = z
  .object({
    app: z.string(),
    paused: z.object({ at: z.iso.datetime(), by: z.string() }).nullable().meta({
      description: 'Since when the app is paused, and by whose call; null if it is not.',
    }),
  })
  .meta({ id: 'AppState' });

const appSchema = z
  .object({
    ...stateSchema.shape,
    providers: z.array(z.enum(providers)).meta({
      description: 'Those for which the app has credentials.',
    }),
  })
  .meta({ id: 'App' });

const stateView = (app: string, it: AppPause | null) => ({
  app,
  paused: it && { at: rfc3339(it.at), by: it.by },
});
const appView = ({ name, providers }: SendingApp, pause: AppPause | null) =>
  ({ ...stateView(name, pause), providers }) satisfies FieldsOf<typeof appSchema>;
export type AppView = ReturnType<typeof appView>;
export type ControlledAppView = ReturnType<typeof stateView> & { campaigns: number };

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

export const NO_APP = problemResponse(404, 'The app has no credentials here.');

export const noApp = (c: Context, app: string) =>
  answerProblem(c, 'not-found', `There is no app "${app}": it has no credentials here.`, {
    next: 'Check the name; VOLLEY_APPS names all, and without it there is "default".',
  });

export const appNamed = ({ senders }: Ports, name: string) =>
  senders.apps().find((it) => it.name === name);

export const appCalls = (ports: Ports): Call[] => [
  listAppsCall(ports),
  getAppCall(ports),
  ...verbs.map((it) => controlAppCall(ports, it)),
];

const listAppsCall = ({ store, senders }: Ports) =>
  call({
    method: 'get',
    path: '/v1/apps',
    operationId: 'listApps',
    summary: 'List the apps, by name',
    description: 'Those that have credentials in this deployment.',
    scopes: MAY_LOOK,
    takes: { query: pageQuery(64) },
    responses: { 200: pageOf(appSchema) },
    async handle({ query: { after = '', limit } }, c) {
      const left = senders.apps().filter((it) => it.name > after);
      const shown = left.slice(0, limit);
      const items = await Promise.all(
        shown.map(async (it) => appView(it, await store.getAppPause(it.name))),
      );
      return c.json({ items, next: left.length > limit ? shown.at(-1)!.name : null });
    },
  });

const getAppCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/apps/{app}',
    operationId: 'getApp',
    summary: 'Look at an app: is it paused?',
    scopes: MAY_LOOK,
    takes: { params: appParams },
    responses: {
      200: {
        description: 'The app.',
        content: { 'application/json': { schema: appSchema } },
      },
      404: NO_APP,
    },
    async handle({ params: { app: name } }, c) {
      const pause = await ports.store.getAppPause(name);
      const found = appNamed(ports, name);
      if (!found && !pause) return noApp(c, name);
      return c.json(appView(found ?? { name, providers: [] }, pause));
    },
  });

const controlAppCall = (ports: Ports, [verb, summary, description]: (typeof verbs)[number]) =>
  call({
    method: 'post',
    path: `/v1/apps/{app}/${verb}`,
    operationId: `${verb}App`,
    summary,
    description,
    scopes: ['campaigns'],
    takes: { params: appParams },
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
      if (verb === 'pause' && !appNamed(ports, app)) return noApp(c, app);
      const campaigns = await controlApp(ports, { app, verb, by: callerOf(c) });
      return c.json({ ...stateView(app, await ports.store.getAppPause(app)), campaigns });
    },
  });
