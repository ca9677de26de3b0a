/** The list of campaigns, by state, app, text and time. */

import * as z from 'zod';
import {
  type CampaignKind,
  type CampaignState,
  campaignKinds,
  campaignStates,
} from '../../model/campaign.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';
import { timeInMs } from '../../model/schemas/time.ts';
import type { Ports } from '../../ports/ports.ts';
import { call } from '../core/call.ts';
import { pageOf, pageQuery } from '../core/json.ts';
import { MAY_LOOK } from './parts.ts';
import { campaignSchema, storedView } from './view.ts';

const known: readonly string[] = campaignStates;
const kinds: readonly string[] = campaignKinds;

const states = z
  .string()
  .max(100)
  .refine((it) => it.split(',').every((one) => known.includes(one)), {
    message: `must be some of ${campaignStates.join(', ')}, with commas between them`,
  })
  .transform((it) => it.split(',') as CampaignState[])
  .meta({
    type: 'string',
    example: 'running,paused',
    description: `Some of ${campaignStates.join(', ')}, with commas between them.`,
  });

const ofKinds = z
  .string()
  .max(100)
  .refine((it) => it.split(',').every((one) => kinds.includes(one)), {
    message: `must be some of ${campaignKinds.join(', ')}, with commas between them`,
  })
  .transform((it) => it.split(',') as CampaignKind[])
  .meta({
    type: 'string',
    example: 'campaign',
    description: `Some of ${campaignKinds.join(', ')}, with commas between them.`,
  });

const TIME = { type: 'string', format: 'date-time' } as const;

const query = pageQuery(512)
  .extend({
    state: states.optional(),
    kind: ofKinds.optional(),
    app: registrationSchema.shape.app.unwrap().optional(),
    q: z.string().trim().min(1).max(100).optional().meta({
      description:
        'Part of the name, or of a title in any language; capitals and small letters are the same.',
    }),
    from: timeInMs.optional().meta({ ...TIME, description: 'Created at that time or later.' }),
    to: timeInMs.optional().meta({ ...TIME, description: 'Created before that time.' }),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    message: 'must be after `from`',
  });

export const listCampaignsCall = (ports: Ports) =>
  call({
    method: 'get',
    path: '/v1/campaigns',
    operationId: 'listCampaigns',
    summary: 'List campaigns, the newest first',
    description:
      'A page looks through at most 500 campaigns. So one of a filter may be short, or empty, while ' +
      '`next` leads on.',
    scopes: MAY_LOOK,
    takes: { query },
    responses: { 200: pageOf(campaignSchema) },
    async handle({ query: { after = null, limit, state, kind, app, q, from, to } }, c) {
      const filter = { states: state, kinds: kind, app, text: q, from, to };
      const page = await ports.store.listCampaigns(after, limit, filter);
      const items = await Promise.all(page.items.map((it) => storedView(ports, it)));
      return c.json({ items, next: page.next });
    },
  });
