/** A campaign's report and its failures, as the API shows them. */

import * as z from 'zod';
import { shortToken } from '../../lib/redact.ts';
import { rfc3339 } from '../../lib/rfc3339.ts';
import type { Failure } from '../../model/chunk.ts';
import { providers } from '../../model/provider/registry.ts';
import { canaryStates } from '../../pipeline/canary.ts';
import type { Report } from '../../pipeline/report.ts';
import type { FieldsOf } from '../core/json.ts';
import { campaignSchema, campaignView } from './view.ts';

export const failureSchema = z
  .object({
    installationId: z.string(),
    token: z.string(),
    provider: z.enum(providers),
    outcome: z.enum(['rejected', 'unregistered', 'retry', 'unknown', 'blocked']),
    reason: z.string().meta({ example: 'BadDeviceToken' }),
    attempts: z.int(),
    at: z.iso.datetime().meta({ example: '2026-11-21T13:00:00.000Z' }),
    pruned: z
      .boolean()
      .meta({ description: 'The token was dead, so the installation was removed.' }),
    detail: z.string().meta({
      description: 'What the provider says beyond the reason; empty if nothing.',
      example: 'message.android.ttl: invalid duration',
    }),
  })
  .meta({ id: 'Failure' });

/** The token is whole: failures are read to clean up other lists. */
export const failureView = (it: Failure) =>
  ({
    installationId: it.installationId,
    token: it.token,
    provider: it.provider,
    outcome: it.outcome,
    reason: it.reason,
    attempts: it.attempts,
    at: rfc3339(it.at),
    pruned: it.pruned === true,
    detail: it.detail ?? '',
  }) satisfies FieldsOf<typeof failureSchema>;

export type FailureView = ReturnType<typeof failureView>;

export const reportSchema = z
  .object({
    campaign: campaignSchema,
    ledgerClosed: z.boolean().meta({
      description: 'True if the campaign is closed and every recipient is counted once.',
    }),
    canary: z
      .object({
        state: z.enum(canaryStates).meta({
          description:
            'waiting: the others wait for it. passed. overruled: an operator resumed the campaign in spite of it. ' +
            'stopped: the campaign is closed, and the others were not sent.',
        }),
        recipients: z.int(),
        accepted: z.int(),
        failed: z.int(),
        small: z.boolean().meta({ description: 'It has too few recipients to say much.' }),
      })
      .nullable()
      .meta({ description: 'What became of its canary; null if it has none, or has not begun.' }),
    seconds: z.number().nullable().meta({
      description:
        'From acceptance, or its scheduled time, to the close or to now; null if it never began.',
    }),
    perSecond: z.number().nullable().meta({
      description:
        'Pushes accepted by the providers, from the first push on; null for fewer than two.',
    }),
    reasons: z
      .array(
        z.object({
          reason: z.string(),
          count: z.int(),
          meaning: z.string().nullable().meta({ description: 'As a sentence; null if not known.' }),
          next: z.string().nullable().meta({ description: 'What to do about it.' }),
        }),
      )
      .meta({ description: 'Reasons of the failures, the most frequent first.' }),
    pruned: z.array(z.object({ reason: z.string(), count: z.int() })).meta({
      description:
        'Installations that were removed because their tokens were dead; the failures name them.',
    }),
    missing: z
      .record(z.string(), z.int())
      .meta({ description: 'Recipients without a value or a default for a variable.' }),
    visible: z.int().meta({
      description: 'Recipients, less those whose `permission` was denied when it was planned.',
    }),
    unread: z.int().meta({
      description:
        'Installations of the audience, as it was counted before planning, that are neither recipients ' +
        'nor left out. 0 unless there are many.',
    }),
    costUsd: z.number().meta({
      description: 'About what a campaign of that size costs on Google Cloud, at list prices.',
      example: 0.0735,
    }),
    examples: z.array(failureSchema).meta({ description: 'A few, with shortened tokens.' }),
  })
  .meta({ id: 'Report' });

const canaryView = (it: Report['canary']) =>
  it && {
    state: it.state,
    recipients: it.recipients,
    accepted: it.accepted,
    failed: it.failed,
    small: it.isSmall,
  };

export const reportView = (it: Report) =>
  ({
    campaign: campaignView(it.campaign, it.counts, it.receipts, it.waves),
    ledgerClosed: it.ledgerClosed,
    canary: canaryView(it.canary),
    seconds: it.seconds,
    perSecond: it.perSecond,
    reasons: it.reasons.map(({ reason, count, explained }) => ({
      reason,
      count,
      meaning: explained?.meaning ?? null,
      next: explained?.next ?? null,
    })),
    pruned: it.pruned,
    missing: it.counts.missing ?? {},
    visible: it.counts.recipients - (it.counts.denied ?? 0),
    unread: it.unread,
    costUsd: it.costUsd,
    examples: it.examples.map((failure) => ({
      ...failureView(failure),
      token: shortToken(failure.token),
    })),
  }) satisfies FieldsOf<typeof reportSchema>;

export type ReportView = ReturnType<typeof reportView>;
