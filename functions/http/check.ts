/**
 * The calls that check a campaign or a schedule while it is being written. Faults are their answer and
 * not a problem: a form asks after each change.
 */

import * as z from 'zod';
import { type Fault, faultIn } from '../lib/errors.ts';
import { validate } from '../lib/faults.ts';
import { campaignRequestSchema } from '../model/schemas/campaign.ts';
import { scheduleRequestSchema } from '../model/schemas/schedule.ts';
import { draft, messageFaults } from '../pipeline/accept/accept.ts';
import type { Ports } from '../ports/ports.ts';
import { call } from './core/call.ts';
import { type FieldsOf, json } from './core/json.ts';
import { scheduleFaults } from './schedules/faults.ts';

const checkedSchema = z
  .object({
    faults: z
      .array(
        z.object({
          path: z.string(),
          message: z.string(),
          status: z.union([z.literal(400), z.literal(422)]).meta({
            description: 'The status with which the request would be refused.',
          }),
        }),
      )
      .meta({ description: 'All faults. None: the request would be accepted.' }),
  })
  .meta({ id: 'Checked' });
export type CheckedView = z.output<typeof checkedSchema>;

const DESCRIPTION =
  'Answers 200 with the faults for which the request would be refused, each with its path. Nothing is ' +
  'stored, sent or counted.';

/** A request that may be unfinished or wrong: what is wrong with it is the answer. */
const anyRequest = (path: string) =>
  z.unknown().meta({ description: `As \`POST ${path}\` takes it; it may have faults.` });

export const checkCampaignCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/campaigns:check',
    operationId: 'checkCampaign',
    summary: 'Check a campaign',
    description: DESCRIPTION,
    scopes: ['read', 'campaigns'],
    takes: { body: anyRequest('/v1/campaigns') },
    responses: { 200: json('Its faults.', checkedSchema) },
    async handle({ body }, c) {
      const checked = validate(campaignRequestSchema, body);
      if ('value' in checked) {
        const { faults } = await draft(ports, checked.value);
        return c.json(checkedView([], faults));
      }
      return c.json(checkedView(checked.faults, await messageOnly(ports, body)));
    },
  });

export const checkScheduleCall = (ports: Ports) =>
  call({
    method: 'post',
    path: '/v1/schedules:check',
    operationId: 'checkSchedule',
    summary: 'Check a schedule',
    description: DESCRIPTION,
    scopes: ['read', 'campaigns'],
    takes: { body: anyRequest('/v1/schedules') },
    responses: { 200: json('Its faults.', checkedSchema) },
    async handle({ body }, c) {
      const checked = validate(scheduleRequestSchema, body);
      if ('value' in checked)
        return c.json(checkedView([], await scheduleFaults(ports, checked.value)));
      const { campaign } = (body ?? {}) as { campaign?: unknown };
      const found = await messageOnly(ports, campaign);
      const refused = found.map((it) => faultIn('campaign', it));
      return c.json(checkedView(checked.faults, refused));
    },
  });

const checkedView = (invalid: Fault[], refused: Fault[]) =>
  ({
    faults: [
      ...invalid.map((it) => ({ ...it, status: 400 as const })),
      ...refused.map((it) => ({ ...it, status: 422 as const })),
    ],
  }) satisfies FieldsOf<typeof checkedSchema>;

/** Faults of a message whose form is right, although other parts of its campaign are not. */
async function messageOnly(ports: Ports, campaign: unknown): Promise<Fault[]> {
  const { app, message } = (campaign ?? {}) as { app?: unknown; message?: unknown };
  const alone = validate(campaignRequestSchema, {
    name: '-',
    audience: { everybody: true },
    app,
    message,
  });
  return 'value' in alone ? messageFaults(ports, alone.value) : [];
}
