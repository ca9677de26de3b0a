/** What the API shows of the records: times as RFC 3339, nothing that is only ours. */

import { z } from '@hono/zod-openapi';
import { shortToken } from '../../lib/redact.ts';
import { rfc3339, rfc3339OrNull } from '../../lib/rfc3339.ts';
import { said } from '../../model/audience/everybody.ts';
import { type Campaign, type Counts, campaignStates } from '../../model/campaign.ts';
import type { Failure } from '../../model/chunk.ts';
import type { Installation } from '../../model/installation.ts';
import { providers } from '../../model/provider/registry.ts';
import { campaignRequestSchema } from '../../model/schemas/campaign.ts';
import { registrationSchema } from '../../model/schemas/registration.ts';
import type { Report } from '../../pipeline/report.ts';

const time = z.iso.datetime().openapi({ example: '2026-11-21T13:00:00.000Z' });

export const campaignSchema = z
  .object({
    ...campaignRequestSchema.shape,
    id: z.string().openapi({ example: '3f1c9a0b5d7e2c4a6b80' }),
    schedule: z.object({ at: time }).optional(),
    scheduleId: z.string().optional().openapi({ description: 'Whose run it is.' }),
    retryOf: z.string().optional().openapi({ description: 'To those whom that one failed.' }),
    guard: z.enum(['canary', 'off']).optional().openapi({
      description:
        'canary: the rest waits for it. off: somebody let it go on in spite of failures.',
    }),
    state: z.enum(campaignStates),
    reason: z.string().nullable().openapi({ description: 'Why it is paused.' }),
    counts: z
      .object({
        recipients: z.int(),
        accepted: z.int().openapi({
          description: 'APNs or FCM accepted it. Whether a device shows it they do not say.',
        }),
        failed: z.int(),
        skipped: z.int(),
        pending: z.int().openapi({ description: 'Has no outcome yet.' }),
      })
      .openapi({ description: 'Live. recipients = accepted + failed + skipped + pending.' }),
    createdAt: time,
    firstPushAt: time.nullable(),
    closedAt: time.nullable(),
  })
  .openapi('Campaign');

export function campaignView(campaign: Campaign, counts: Counts) {
  const {
    shards: _shards,
    createdAt,
    firstPushAt,
    closedAt,
    id,
    state,
    reason,
    ...rest
  } = campaign;
  const {
    schedule,
    startedAt: _from,
    meaning: _meant,
    trials: _,
    task: __,
    expected: _counted,
    ...request
  } = rest;
  const { recipients, accepted, failed, skipped } = counts;
  const pending = recipients - accepted - failed - skipped;
  return {
    id,
    state,
    reason,
    counts: { recipients, accepted, failed, skipped, pending },
    createdAt: rfc3339(createdAt),
    firstPushAt: rfc3339OrNull(firstPushAt),
    closedAt: rfc3339OrNull(closedAt),
    ...request,
    audience: said(request.audience),
    ...(schedule && { schedule: { at: rfc3339(schedule.at) } }),
  };
}

export type CampaignView = ReturnType<typeof campaignView>;

export const failureSchema = z
  .object({
    installationId: z.string(),
    token: z.string(),
    provider: z.enum(providers),
    outcome: z.enum(['rejected', 'unregistered', 'retry', 'unknown', 'blocked']),
    reason: z.string().openapi({ example: 'BadDeviceToken' }),
    attempts: z.int(),
    at: time,
    pruned: z
      .boolean()
      .openapi({ description: 'Its token was dead, and the installation is gone.' }),
    detail: z.string().openapi({
      description: 'What the provider says beyond the reason; empty if that is nothing.',
      example: 'message.android.ttl: invalid duration',
    }),
  })
  .openapi('Failure');

/** Tokens are whole: whoever reads failures does so to clean up. */
export const failureView = (it: Failure) => ({
  installationId: it.installationId,
  token: it.token,
  provider: it.provider,
  outcome: it.outcome,
  reason: it.reason,
  attempts: it.attempts,
  at: rfc3339(it.at),
  pruned: it.pruned === true,
  detail: it.detail ?? '',
});

export type FailureView = ReturnType<typeof failureView>;

export const reportSchema = z
  .object({
    campaign: campaignSchema,
    ledgerClosed: z
      .boolean()
      .openapi({ description: 'Closed, and every recipient has its place.' }),
    seconds: z.number().nullable().openapi({
      description:
        'From acceptance, or its scheduled time, to the close or to now; null if it never began.',
    }),
    perSecond: z.number().nullable().openapi({
      description: 'Accepted by the providers, from the first push on; null of fewer than two.',
    }),
    reasons: z
      .array(z.object({ reason: z.string(), count: z.int() }))
      .openapi({ description: 'Of the failures, the most frequent first.' }),
    pruned: z.array(z.object({ reason: z.string(), count: z.int() })).openapi({
      description:
        'Installations that were forgotten since their tokens were dead; failures say which.',
    }),
    missing: z
      .record(z.string(), z.int())
      .openapi({ description: 'Recipients without a value or a default for a variable.' }),
    unread: z.int().openapi({
      description:
        'Of the audience as it was counted before planning: those who are neither recipients nor left ' +
        'out. 0 unless that is visibly many.',
    }),
    examples: z.array(failureSchema).openapi({ description: 'A few, with shortened tokens.' }),
  })
  .openapi('Report');

export const reportView = (it: Report) => ({
  campaign: campaignView(it.campaign, it.counts),
  ledgerClosed: it.ledgerClosed,
  seconds: it.seconds,
  perSecond: it.perSecond,
  reasons: it.reasons,
  pruned: it.pruned,
  missing: it.counts.missing ?? {},
  unread: it.unread,
  examples: it.examples.map((failure) => ({
    ...failureView(failure),
    token: shortToken(failure.token),
  })),
});

export type ReportView = ReturnType<typeof reportView>;

export const installationSchema = z
  .object({ id: z.string(), ...registrationSchema.shape, refreshedAt: time })
  .openapi('Installation');

export const installationView = ({ bucket: _, refreshedAt, ...it }: Installation) => ({
  ...it,
  refreshedAt: rfc3339(refreshedAt),
});
