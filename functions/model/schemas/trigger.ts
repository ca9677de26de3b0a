/** The request of a trigger. Only code that answers requests imports this file, as with campaign.ts. */

import { hash } from 'node:crypto';
import * as z from 'zod';
import { validate } from '../../lib/faults.ts';
import {
  asLists,
  asLiteral,
  fill,
  placesOf,
  segmentsOf,
  templateFaults,
} from '../ping-template.ts';
import type { Proof, Trigger } from '../trigger.ts';
import { campaignRequestSchema } from './campaign.ts';
import { RESERVED } from './message-text.ts';

const MAX_TEMPLATE_BYTES = 16 * 1024;

const within = (path: string, outer: string) =>
  path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

/** Characters. A shared secret must withstand guessing, since guesses are not counted. */
const secret = z.string().min(16).max(512);
/** Seconds. Allows for a wrong clock and a queue on the other side; bounds the replay of a kept request. */
const toleranceSeconds = z.int().min(1).max(3600).default(300);

const path = z
  .string()
  .max(512)
  .refine((it) => segmentsOf(it) !== null, { message: 'must be a path such as data.items[0].id' });

const proof = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('token'),
      in: z.enum(['header', 'query', 'body']),
      name: z.string().min(1).max(128).meta({ description: 'In a body: a path.' }),
      secret,
    }),
    z.strictObject({ kind: z.literal('github'), secret }),
    z.strictObject({ kind: z.literal('stripe'), secret, toleranceSeconds }),
    z.strictObject({
      kind: z.literal('standard'),
      secret: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, {
        message: 'must be whsec_ and 24 to 64 bytes in base64',
      }),
      toleranceSeconds,
    }),
  ])
  .superRefine((it, context) => {
    if (it.kind !== 'token') return;
    const fits = it.in === 'body' ? segmentsOf(it.name) !== null : /^[\w-]+$/.test(it.name);
    if (!fits)
      context.addIssue({ code: 'custom', path: ['name'], message: `is no name in a ${it.in}` });
  })
  .meta({ description: 'How an inbound webhook proves its sender.' });

const template = z
  .record(z.string().min(1).max(128), z.unknown())
  .refine((it) => JSON.stringify(it).length <= MAX_TEMPLATE_BYTES, {
    message: `must be at most ${MAX_TEMPLATE_BYTES} bytes of JSON`,
  });

export const triggerRequestSchema = z
  .strictObject({
    app: z.string().min(1).max(64).default('default'),
    proof,
    audience: template.meta({
      description: "As a campaign's, with {{path|default}} of the inbound JSON in its strings.",
      example: { userIds: ['{{user.id}}'] },
    }),
    message: template.meta({
      description: "As a campaign's, with {{path|default}} of the inbound JSON in its strings.",
      example: { title: 'Order {{order.number}}', body: '{{order.state|is on its way}}' },
    }),
    idPath: path.optional().meta({
      description:
        'Path of the id in the inbound JSON: the same id pushes once. Without it, the id is the signed ' +
        'webhook-id of Standard Webhooks, or else the whole body.',
      example: 'event.id',
    }),
  })
  .superRefine(({ app, audience, message }, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: path.split('.'), message });
    const templates = { audience, message } as Pick<Trigger, 'audience' | 'message'>;
    const malformed = [
      ...templateFaults(templates.audience, 'audience'),
      ...templateFaults(templates.message, 'message'),
    ];
    for (const it of malformed) issue(it.path, it.message);
    if (malformed.length > 0) return;
    // the campaign that an inbound webhook would make, without its values, which are not known yet
    const sample = (which: 'audience' | 'message') => fill(templates[which], which, {}).value;
    const parsed = validate(campaignRequestSchema, {
      name: 'ping',
      app,
      audience: asLists(sample('audience')),
      message: asLiteral(sample('message')),
    });
    if (templates.message.literal === false)
      issue('message.literal', 'is always true: what a ping says is text');
    const places = [
      ...placesOf(templates.audience, 'audience'),
      ...placesOf(templates.message, 'message'),
    ];
    const filled = (path: string) =>
      places.some((it) => it === path || within(it, path) || within(path, it));
    for (const it of 'faults' in parsed ? parsed.faults : [])
      if (isOfName(it.message) || !filled(it.path)) issue(it.path, it.message);
  })
  .meta({ id: 'TriggerRequest' });
/** Whether a fault is one of a field's name: no value of a webhook can mend it. */
const isOfName = (fault: string) => fault.startsWith('is unknown') || fault === RESERVED;

type TriggerRequest = z.output<typeof triggerRequestSchema>;

/** The trigger to store. A shared token is stored as its hash. `now`: ms since the epoch. */
export function newTrigger(name: string, it: TriggerRequest, now: number): Trigger {
  const { proof: given, idPath = null, app, audience, message } = it;
  const proof: Proof =
    given.kind === 'token'
      ? { kind: 'token', in: given.in, name: given.name, hash: hash('sha256', given.secret) }
      : given;
  return {
    name,
    app,
    proof,
    idPath,
    createdAt: now,
    audience: audience as Trigger['audience'],
    message: message as Trigger['message'],
  };
}
