/** A campaign as the API shows it: times in RFC 3339, and only the fields listed here. */

import * as z from 'zod';
import { rfc3339, rfc3339OrNull } from '../../lib/rfc3339.ts';
import { said } from '../../model/audience/everybody.ts';
import {
  type Campaign,
  type CampaignRequest,
  campaignKinds,
  campaignStates,
  kindOf,
  type Sums,
} from '../../model/campaign.ts';
import { campaignRequestSchema } from '../../model/schemas/campaign.ts';
import { lates } from '../../model/waves.ts';
import { countsOf } from '../../pipeline/costs.ts';
import { type ReceiptSummary, receiptSummary } from '../../pipeline/receipt-report.ts';
import { standingOf, type WaveProgress, waveStates } from '../../pipeline/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import type { FieldsOf } from '../core/json.ts';

const time = z.iso.datetime().meta({ example: '2026-11-21T13:00:00.000Z' });

export const receiptsSchema = z
  .object({
    opened: z.int(),
    delivered: z.int().meta({
      description: 'Of a share of the devices, chosen by their ids, unless the app asks for all.',
    }),
    dismissed: z.int(),
    estimated: z
      .object({
        delivered: z.int(),
        low: z.int(),
        high: z.int().meta({ description: 'In 95 of 100 cases it is from `low` to `high`.' }),
        share: z.number().meta({ description: 'Of the devices that report `delivered`.' }),
      })
      .optional()
      .meta({ description: 'About how many devices got it; where only a share reports it.' }),
  })
  .meta({
    id: 'ReceiptCounts',
    description:
      'Devices that reported what happened to the push, each counted once for each kind. They are ' +
      'claims of devices, and no part of `counts`. Left out in lists, in answers to changes, and ' +
      'where the app has receipts switched off.',
  });

const countsSchema = z.object({
  recipients: z.int(),
  accepted: z.int().meta({
    description: 'APNs or FCM accepted the push. They do not say whether a device shows it.',
  }),
  failed: z.int(),
  skipped: z.int(),
  pending: z.int().meta({ description: 'Without an outcome yet.' }),
  skippedBy: z
    .object({
      capped: z.int().optional().meta({ description: 'By a cap of the app.' }),
      late: z.int().optional().meta({ description: 'Their local time had passed.' }),
    })
    .optional()
    .meta({
      description:
        'Why so many of the skipped are; left out if none are for a reason named here. A dry run and a ' +
        'cancellation skip the others.',
    }),
});

const waveSchema = z
  .object({
    at: time.meta({ description: 'When they are sent to.' }),
    of: z.enum(['zones', 'others', 'movers']).meta({
      description:
        'zones: devices in `zones`. others: those in no zone that a wave names, and those that tell none. ' +
        'movers: those that changed their zone meanwhile, and that no other wave has sent to.',
    }),
    zones: z.array(z.string()).meta({ description: '[] for `others` and `movers`.' }),
    held: z.boolean().meta({ description: 'It waits for the end of quiet hours.' }),
    late: z.boolean().meta({ description: 'Their local time has passed: they are skipped.' }),
    state: z.enum(waveStates).meta({
      description:
        'waiting: not read yet. planning: its recipients are being read, from a minute before its time. ' +
        'sending: all are read, and some wait for their time or their outcome. done: nothing is left. ' +
        'cancelled: the campaign was cancelled before it was read.',
    }),
    expected: z
      .int()
      .optional()
      .meta({
        description:
          'About how many devices it has, by a sample that was taken when the campaign was planned. 0: too few ' +
          'to be in the sample. Left out for `movers`.',
      }),
    counts: countsSchema,
  })
  .meta({ id: 'Wave' });

export const campaignSchema = z
  .object({
    ...campaignRequestSchema.shape,
    id: z.string().meta({ example: '3f1c9a0b5d7e2c4a6b80' }),
    kind: z.enum(campaignKinds).meta({
      description: 'What made it. message: POST /v1/messages. trigger: an inbound webhook.',
    }),
    schedule: z
      .object({
        at: time.optional(),
        local: z.string().optional().meta({ example: '2030-12-24T09:00' }),
        late: z.enum(lates).optional(),
      })
      .optional(),
    scheduleId: z.string().optional().meta({ description: 'The schedule that started it.' }),
    retryOf: z.string().optional().meta({ description: 'The campaign whose failures it retries.' }),
    guard: z.enum(['canary', 'off']).optional().meta({
      description:
        'canary: the rest waits for the canary. off: it was resumed in spite of failures.',
    }),
    state: z.enum(campaignStates),
    reason: z.string().nullable().meta({ description: 'Why it is paused.' }),
    counts: countsSchema
      .extend({
        held: z.int().optional().meta({
          description: 'Waited, or wait, for the end of quiet hours; left out if none do.',
        }),
        heldUntil: time.optional().meta({ description: 'When the last of these may be sent.' }),
      })
      .meta({ description: 'Live. recipients = accepted + failed + skipped + pending.' }),
    expected: z
      .int()
      .optional()
      .meta({
        description:
          'About how many recipients it has in all its waves, by a sample that was taken when it was planned. ' +
          'Left out without waves, and once it is closed.',
      }),
    waves: z
      .array(waveSchema)
      .optional()
      .meta({
        description:
          'Its recipients by the instant at which they are sent to, where it has a local time or quiet hours ' +
          'hold it, once it is planned. Left out in lists, and in answers to changes.',
      }),
    receipts: receiptsSchema.optional(),
    createdAt: time,
    firstPushAt: time.nullable(),
    closedAt: time.nullable(),
  })
  .meta({ id: 'Campaign' });

/** A campaign with a local time has no other: it begins at several. */
const timeView = (it: CampaignRequest['schedule']) => {
  if (!it) return undefined;
  const { at, local, late } = it;
  if (local !== undefined) return { local, late };
  return { at: at === undefined ? undefined : rfc3339(at) };
};

/** The part of a campaign that its author sent, as it is accepted again. */
export const requestView = (it: CampaignRequest) =>
  ({
    name: it.name,
    app: it.app,
    audience: said(it.audience),
    message: it.message,
    rate: it.rate,
    schedule: timeView(it.schedule),
    canary: it.canary,
    dryRun: it.dryRun,
    test: it.test,
  }) satisfies FieldsOf<typeof campaignRequestSchema>;

export const receiptsView = ({ counts, estimated }: ReceiptSummary) =>
  ({
    opened: counts.opened,
    delivered: counts.delivered,
    dismissed: counts.dismissed,
    estimated: estimated
      ? {
          delivered: estimated.about,
          low: estimated.low,
          high: estimated.high,
          share: estimated.share,
        }
      : undefined,
  }) satisfies FieldsOf<typeof receiptsSchema>;

const countsView = ({ recipients, accepted, failed, skipped, skippedBy }: Sums) =>
  ({
    recipients,
    accepted,
    failed,
    skipped,
    pending: recipients - accepted - failed - skipped,
    skippedBy: skippedBy && { capped: skippedBy.capped, late: skippedBy.late },
  }) satisfies FieldsOf<typeof countsSchema>;

const partOf = (zones: WaveProgress['zones']): z.output<typeof waveSchema>['of'] =>
  zones === 'movers' ? 'movers' : 'in' in zones ? 'zones' : 'others';

const waveView = ({ at, zones, isHeld, isLate, state, counts, size }: WaveProgress) =>
  ({
    at: rfc3339(at),
    of: partOf(zones),
    zones: zones !== 'movers' && 'in' in zones ? zones.in : [],
    held: isHeld,
    late: isLate,
    state,
    expected: size,
    counts: countsView(counts),
  }) satisfies FieldsOf<typeof waveSchema>;

/** By what is stored with the campaign, without a read. An older version stored no sizes. */
function expectedOf({ waves = [], closedAt }: Campaign): number | undefined {
  const sizes = waves.flatMap((it) => it.size ?? []);
  if (closedAt !== null || sizes.length === 0) return undefined;
  return sizes.reduce((sum, it) => sum + it, 0);
}

/** A campaign with its live counts, as every call and the stream of events show it. */
export function campaignView(
  campaign: Campaign,
  counts: Sums,
  receipts: ReceiptSummary | null = null,
  waves: WaveProgress[] = [],
) {
  const { held, heldUntil } = counts;
  return {
    id: campaign.id,
    kind: kindOf(campaign),
    state: campaign.state,
    reason: campaign.reason,
    counts: {
      ...countsView(counts),
      held,
      heldUntil: heldUntil === undefined ? undefined : rfc3339(heldUntil),
    },
    expected: expectedOf(campaign),
    waves: waves.length > 0 ? waves.map(waveView) : undefined,
    receipts: receipts ? receiptsView(receipts) : undefined,
    createdAt: rfc3339(campaign.createdAt),
    firstPushAt: rfc3339OrNull(campaign.firstPushAt),
    closedAt: rfc3339OrNull(campaign.closedAt),
    ...requestView(campaign),
    scheduleId: campaign.scheduleId,
    retryOf: campaign.retryOf,
    guard: campaign.guard,
  } satisfies FieldsOf<typeof campaignSchema>;
}

export type CampaignView = ReturnType<typeof campaignView>;

/** The view of a stored campaign, with its waves and what devices reported of it. */
export async function fullView(ports: Pick<Ports, 'store'>, it: Campaign) {
  const { counts, waves } = await standingOf(ports.store, it);
  return campaignView(it, counts, await receiptSummary(ports, it, counts), waves);
}

/** The view of a stored campaign, as lists and changes show it. */
export const storedView = async ({ store }: Pick<Ports, 'store'>, it: Campaign) =>
  campaignView(it, await countsOf(store, it));
