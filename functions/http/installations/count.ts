/** The call that counts the installations of an app. */

import * as z from 'zod';
import { rfc3339OrNull } from '../../lib/rfc3339.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';
import { countRegistry } from '../../pipeline/audience/registry.ts';
import type { Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';
import { json } from '../core/json.ts';

const query = z.strictObject({ app: registrationSchema.shape.app });

const counts = z.record(z.string(), z.int());

const countSchema = z
  .object({
    app: z.string(),
    installations: z.int().meta({
      description: 'Those that have not opted out. The counts by platform and so on are of them.',
    }),
    exact: z.boolean().meta({
      description: 'True if all were counted; otherwise it is extrapolated from a fair sample.',
    }),
    interval: z.object({ low: z.int(), high: z.int() }).meta({
      description: 'How many installations it is in 95 of 100 cases.',
    }),
    asOf: z.iso.datetime().nullable().meta({
      description: 'Changes after that time may be missing; null: none is.',
    }),
    counted: z.int().meta({ description: 'The size of the sample, or all of them.' }),
    platforms: counts,
    languages: counts.meta({ description: 'The 50 most frequent; "" has none.' }),
    permissions: counts.meta({
      description: 'granted, denied, provisional; unknown: the app has not told.',
    }),
    optedOut: z.int().nullable().meta({ description: 'null: not known.' }),
  })
  .meta({ id: 'InstallationCounts' });
export type InstallationCountsView = z.output<typeof countSchema>;

export const countInstallationsCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/installations:count',
    operationId: 'countInstallations',
    summary: 'Count the installations of an app, by platform, language and permission',
    description:
      'Exact on the embedded engine. On Google Cloud a small app is counted; of more than some 1,900 ' +
      'installations a sample is read: 70 documents where the app has pages of its registry, else 2,000.',
    scopes: ['read', 'installations'],
    takes: { query },
    responses: { 200: json('The counts.', countSchema) },
    async handle({ query: { app } }, c) {
      const { asOf, ...found } = await countRegistry(ports, app);
      const view: InstallationCountsView = { app, ...found, asOf: rfc3339OrNull(asOf) };
      return c.json(view);
    },
  });
