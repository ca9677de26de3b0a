/**
 * The screens: their paths, their place in the navigation, and their files, each loaded when it is
 * shown. docs/console.md says how one is added.
 */

import type { AnyComponent } from 'preact';
import type { Scope } from '../../model/key.ts';
import type { IconName } from '../parts/icon.tsx';
import { MAY_LOOK } from '../session/session.ts';
import type { Texts } from '../texts/texts.ts';

export interface Screen {
  /** in the syntax of preact-iso: `:id` is a parameter */
  path: string;
  /** its text and its icon in the navigation, which has only screens without parameters */
  nav?: keyof Texts['shell']['nav'] & IconName;
  /** scopes of which a caller needs one to see anything of it; a screen without them says what it lacks */
  needs?: Scope[];
  load(): Promise<{ default: AnyComponent }>;
}

export const screens: Screen[] = [
  {
    path: '/console',
    nav: 'campaigns',
    needs: MAY_LOOK,
    load: () => import('./campaigns/campaigns.tsx'),
  },
  {
    path: '/console/compose',
    nav: 'compose',
    needs: MAY_LOOK,
    load: () => import('./compose/compose.tsx'),
  },
  {
    path: '/console/campaigns/:id',
    needs: MAY_LOOK,
    load: () => import('./campaign/campaign.tsx'),
  },
  {
    path: '/console/devices',
    nav: 'devices',
    load: () => import('./devices/all.ts').then((it) => ({ default: it.Devices })),
  },
  {
    path: '/console/devices/:id',
    load: () => import('./devices/all.ts').then((it) => ({ default: it.Device })),
  },
  {
    path: '/console/schedules',
    nav: 'schedules',
    needs: MAY_LOOK,
    load: () => import('./schedules/all.ts').then((it) => ({ default: it.Schedules })),
  },
  {
    path: '/console/schedules/:id',
    needs: MAY_LOOK,
    load: () => import('./schedules/all.ts').then((it) => ({ default: it.Schedule })),
  },
  {
    path: '/console/webhooks',
    nav: 'webhooks',
    load: () => import('./webhooks/all.ts').then((it) => ({ default: it.Webhooks })),
  },
  {
    path: '/console/webhooks/:id',
    load: () => import('./webhooks/all.ts').then((it) => ({ default: it.Webhook })),
  },
  {
    path: '/console/webhooks/inbound/:name',
    load: () => import('./webhooks/all.ts').then((it) => ({ default: it.Trigger })),
  },
  { path: '/console/keys', nav: 'keys', load: () => import('./keys/keys.tsx') },
  { path: '/console/health', nav: 'health', load: () => import('./health/health.tsx') },
];
