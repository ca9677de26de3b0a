/** The shapes of the API's answers about installations, as `answers.ts` has those of the others. */

import * as z from 'zod';
import type { InstallationCountsView } from '../http/installations/count.ts';
import type { NormalizedView } from '../http/installations/normalize.ts';
import type { InstallationView } from '../http/installations/view.ts';
import { number, numbers, object, text, time } from './answers.ts';

const installation = object<InstallationView>({
  id: text,
  platform: text,
  token: text,
  userId: text.optional(),
  language: text.optional(),
  optedOut: z.boolean().optional(),
  optedOutOf: z.array(text).optional(),
  permission: text.optional(),
  refreshedAt: time,
});

export const installationPage = object<{ items: InstallationView[]; next: string | null }>({
  items: z.array(installation),
  next: text.nullable(),
});

export const installationCounts = object<InstallationCountsView>({
  installations: number,
  exact: z.boolean(),
  interval: z.looseObject({ low: number, high: number }),
  asOf: time.nullable(),
  counted: number,
  platforms: numbers,
  languages: numbers,
  permissions: numbers,
  optedOut: number.nullable(),
});

export const normalized = object<NormalizedView>({
  read: number,
  changed: number,
  removed: number,
  next: text.nullable(),
});
