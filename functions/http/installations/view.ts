/** An installation as the API shows it: its registration, without what only a store needs. */

import * as z from 'zod';
import { rfc3339 } from '../../lib/rfc3339.ts';
import type { Installation } from '../../model/installation.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';
import type { FieldsOf } from '../core/json.ts';

export const installationSchema = z
  .object({
    id: z.string(),
    ...registrationSchema.shape,
    refreshedAt: z.iso.datetime().meta({ example: '2026-11-21T13:00:00.000Z' }),
  })
  .meta({ id: 'Installation' });

export const installationView = (it: Installation) =>
  ({
    id: it.id,
    app: it.app,
    platform: it.platform,
    provider: it.provider,
    token: it.token,
    environment: it.environment,
    language: it.language,
    timeZone: it.timeZone,
    country: it.country,
    appVersion: it.appVersion,
    userId: it.userId,
    optedOut: it.optedOut,
    optedOutOf: it.optedOutOf,
    permission: it.permission,
    tags: it.tags,
    attributes: it.attributes,
    refreshedAt: rfc3339(it.refreshedAt),
  }) satisfies FieldsOf<typeof installationSchema>;

export type InstallationView = ReturnType<typeof installationView>;
