/** The switch of a whole app: pause, resume or cancel all of its campaigns. */

import { z } from '@hono/zod-openapi';
import { switchApp } from '../pipeline/app-switch.ts';
import type { Ports, Switch } from '../ports.ts';
import { callerOf } from './access/auth.ts';
import { type Call, call } from './call.ts';

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

const stateView = (app: string, it: Switch | null) => ({
  app,
  paused: it && { at: new Date(it.at).toISOString(), by: it.by },
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

export function appCalls(ports: Ports): Call[] {
  const { store } = ports;
  return [
    call({
      method: 'get',
      path: '/v1/apps/{app}',
      summary: 'Whether an app is switched off',
      scopes: ['read', 'campaigns'],
      takes: { params },
      responses: {
        200: {
          description: 'Its state.',
          content: { 'application/json': { schema: stateSchema } },
        },
      },
      handle: async ({ params: { app } }, c) => c.json(stateView(app, await store.getSwitch(app))),
    }),

    ...verbs.map(([verb, summary, description]) =>
      call({
        method: 'post',
        path: `/v1/apps/{app}/${verb}`,
        ...{ summary, description },
        scopes: ['campaigns'],
        takes: { params },
        responses: {
          200: {
            description: 'Done to so many campaigns.',
            content: {
              'application/json': { schema: stateSchema.extend({ campaigns: z.int() }) },
            },
          },
        },
        async handle({ params: { app } }, c) {
          const campaigns = await switchApp(ports, { app, verb, by: callerOf(c) });
          return c.json({ ...stateView(app, await store.getSwitch(app)), campaigns });
        },
      }),
    ),
  ];
}
