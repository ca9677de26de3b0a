/** The call that says about what campaigns cost. */

import * as z from 'zod';
import { timeInMs } from '../model/schemas/time.ts';
import { costsOf } from '../pipeline/costs.ts';
import type { Ports } from '../ports/ports.ts';
import { MAY_LOOK } from './campaigns/parts.ts';
import { type Call, call } from './core/call.ts';
import { json } from './core/json.ts';

const TIME = { type: 'string', format: 'date-time' } as const;

const query = z
  .strictObject({
    from: timeInMs.meta({ ...TIME, description: 'Campaigns created at that time or later.' }),
    to: timeInMs.meta({ ...TIME, description: 'Campaigns created before that time.' }),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after `from`' });

const costsSchema = z
  .object({
    campaigns: z.int(),
    recipients: z.int(),
    costUsd: z.number().meta({
      description: 'About what they cost on Google Cloud, at list prices, without free quotas.',
      example: 0.0735,
    }),
    complete: z.boolean().meta({
      description: 'False if there are more campaigns than are added up: about the newest 2,000.',
    }),
  })
  .meta({ id: 'Costs' });
export type CostsView = z.output<typeof costsSchema>;

export const costsCall = (ports: Ports): Call =>
  call({
    method: 'get',
    path: '/v1/costs',
    operationId: 'getCosts',
    summary: 'About what the campaigns of some time cost',
    description:
      'By their recipients and list prices, as `volley estimate` computes it. What a deployment costs ' +
      'without campaigns is not in it, and Google Cloud alone knows the bill.',
    scopes: MAY_LOOK,
    takes: { query },
    responses: { 200: json('The sums.', costsSchema) },
    async handle({ query }, c) {
      const sums: CostsView = await costsOf(ports, query);
      return c.json(sums);
    },
  });
