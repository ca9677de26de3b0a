/** The data of each event, for the OpenAPI document. Running code imports only types: zod starts slowly. */

import * as z from 'zod';
import { campaignStates } from '../campaign.ts';
import { type EventType, SOURCE } from '../event.ts';
import { providers } from '../provider/registry.ts';
import { ROWS_VERSION } from '../rows.ts';

const time = z.iso.datetime().meta({ example: '2026-11-21T13:00:00.000Z' });

const timeline = {
  campaign: z.object({
    id: z.string(),
    app: z.string(),
    name: z.string(),
    state: z.enum(campaignStates),
    reason: z.string().nullable(),
    createdAt: time,
  }),
};
const counted = {
  ...timeline,
  counts: z.object({
    recipients: z.int(),
    accepted: z.int(),
    failed: z.int(),
    skipped: z.int(),
    pending: z.int(),
    skippedBy: z.object({ capped: z.int().optional(), late: z.int().optional() }).optional().meta({
      description:
        'Of those that are skipped: by a cap of the app, and since their local time had passed.',
    }),
    held: z.int().optional().meta({
      description: 'Waited, or wait, for the end of quiet hours; left out if none do.',
    }),
    heldUntil: time.optional().meta({ description: 'When the last of these may be sent.' }),
  }),
};
const closed = {
  ...counted,
  unread: z
    .int()
    .optional()
    .meta({
      description:
        'There only if visibly many of the audience were not read: installations counted before ' +
        'planning that are neither recipients nor left out.',
    }),
  closedAt: time,
  reasons: z
    .array(z.object({ reason: z.string(), count: z.int() }))
    .meta({ description: 'Of the failures, the most frequent first, 20 at most.' }),
};
const ofChunk = {
  campaignId: z.string(),
  app: z.string(),
  provider: z.enum(providers),
};

/** By type: when the event is sent, and its data. */
const described = {
  'campaign.accepted': { says: 'It is stored, and will be sent.', data: z.object(timeline) },
  'campaign.started': { says: 'It is planned, and being sent.', data: z.object(timeline) },
  'campaign.progress': {
    says: 'How far it is; at most once in 5 seconds, and only while it has listeners.',
    data: z.object(counted),
  },
  'campaign.paused': {
    says: 'Nothing is sent until it is resumed; `reason` says why.',
    data: z.object(timeline),
  },
  'campaign.completed': {
    says: 'Its ledger is closed. A cancelled one has the state `cancelled`.',
    data: z.object(closed),
  },
  'campaign.failed': {
    says: 'Comes in place of completed: it had recipients, and every one of them failed.',
    data: z.object(closed),
  },
  'campaign.receipts': {
    says:
      'How many devices reported what happened to its push; at most once in 5 seconds, and once more ' +
      'after the last receipt. Only for webhooks that name this type.',
    data: z.object({
      ...counted,
      receipts: z
        .object({ opened: z.int(), delivered: z.int(), dismissed: z.int() })
        .meta({ description: 'Devices. `delivered` is of a sample, unless the app asks for all.' }),
    }),
  },
  'installation.unregistered': {
    says: 'Providers say that these devices do not have the app any more. Up to 100 in one event.',
    data: z.object({
      ...ofChunk,
      installations: z.array(z.object({ id: z.string(), since: time })),
    }),
  },
  'push.failed': {
    says: 'Pushes that failed for good, up to 100 in one event. Only for webhooks that name this type.',
    data: z.object({
      ...ofChunk,
      failures: z.array(
        z.object({
          installationId: z.string(),
          outcome: z.enum(['rejected', 'unregistered', 'retry', 'unknown', 'blocked']),
          reason: z.string(),
          attempts: z.int(),
          at: time,
        }),
      ),
    }),
  },
  'warehouse.rows': {
    says: 'Rows of a campaign that were asked for. Only in the topic, for a data warehouse.',
    data: z.object({
      schema: z.literal(ROWS_VERSION),
      run: time.meta({ description: 'The same in all events of one export.' }),
      part: z.int(),
      rows: z.array(z.looseObject({ kind: z.enum(['recipient', 'receipt', 'end']) })),
    }),
  },
  'webhook.disabled': {
    says: 'Nothing is delivered to this webhook any more.',
    data: z.object({ webhookId: z.string(), host: z.string(), reason: z.string() }),
  },
  'webhook.test': {
    says: 'A test event that was asked for.',
    data: z.object({ webhookId: z.string() }),
  },
} as const satisfies Record<EventType, { says: string; data: z.ZodType }>;

export type EventData = {
  [T in EventType]: z.output<(typeof described)[T]['data']>;
};

/** The schema of each type that webhooks are sent, for the OpenAPI document. */
export const eventSchemas = Object.entries(described)
  .filter(([type]) => type !== 'warehouse.rows')
  .map(([type, { says, data }]) => ({
    type,
    says,
    schema: z
      .object({
        specversion: z.literal('1.0'),
        id: z.string().meta({ description: 'The same when it is delivered again.' }),
        source: z.literal(SOURCE),
        type: z.literal(type),
        subject: z.string().meta({ description: "The campaign's id, or the webhook's." }),
        time,
        datacontenttype: z.literal('application/json'),
        app: z.string().optional(),
        data,
      })
      .meta({ id: `Event_${type.replace('.', '_')}` }),
  }));
