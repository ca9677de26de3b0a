/** Why a device did, or did not, get a campaign, as the API shows it: sentences beside machine's words. */

import * as z from 'zod';
import { rfc3339, rfc3339OrNull } from '../../lib/rfc3339.ts';
import { campaignStates } from '../../model/campaign.ts';
import { environments } from '../../model/platform.ts';
import { providers } from '../../model/provider/registry.ts';
import type { Absence } from '../../pipeline/why/absence.ts';
import type { Delivery } from '../../pipeline/why/delivery.ts';
import { absences, hintKinds, stepKinds, whyStates } from '../../pipeline/why/facts.ts';
import type { Why } from '../../pipeline/why/why.ts';
import type { FieldsOf } from '../core/json.ts';

const time = z.iso.datetime().meta({ example: '2026-11-21T13:00:00.000Z' });
const timeOrNull = time.nullable();

const deliverySchema = z
  .object({
    shard: z.int(),
    chunkId: z.string(),
    index: z.int().meta({ description: 'Its place in the chunk, from 0.' }),
    size: z.int().meta({ description: 'Recipients of the chunk.' }),
    provider: z.enum(providers),
    environment: z.enum(environments),
    attempts: z.int(),
    outcome: z
      .enum([
        'accepted',
        'rejected',
        'unregistered',
        'retry',
        'unknown',
        'blocked',
        'skipped',
        'capped',
        'late',
      ])
      .nullable()
      .meta({ description: 'null: none yet, or an earlier version did not keep it.' }),
    reason: z.string().nullable().meta({ example: 'BadDeviceToken' }),
    detail: z.string().nullable(),
    meaning: z.string().nullable().meta({ description: 'Of the reason, as a sentence.' }),
    pruned: z.boolean().meta({ description: 'The token was dead: the installation was removed.' }),
    pushId: z
      .object({ header: z.string(), value: z.string() })
      .nullable()
      .meta({
        description:
          'For a question to the provider: the `apns-id` that APNs was given, null if no push has left; ' +
          'or the `name` in the answer of FCM, which is kept of messages only, if it accepted the push in ' +
          'their first attempt.',
        example: {
          header: 'name',
          value: 'projects/p/messages/0:1500415314455276%31bd1c9631bd1c96',
        },
      }),
    frozenAt: timeOrNull,
    claimedAt: timeOrNull.meta({ description: 'The last attempt at its chunk began.' }),
    releasedAt: timeOrNull.meta({ description: 'That attempt ended.' }),
    notBefore: timeOrNull.meta({ description: 'It is not sent before that.' }),
    expiresAt: time,
  })
  .meta({ id: 'Delivery' });

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const unmetSchema = z
  .object({
    path: z.string().meta({
      description: 'Within the audience as it was sent; a segment is `segment(name)`.',
      example: 'and[0].tags.any',
    }),
    condition: z.string().meta({ example: 'tags any news' }),
    value: z
      .union([scalar, z.array(scalar)])
      .nullable()
      .meta({ description: 'What the installation has there now.' }),
  })
  .meta({ id: 'UnmetCondition' });

const absenceSchema = z
  .object({
    kind: z.enum(absences),
    readBy: timeOrNull.meta({ description: 'Its part of the audience was read by then.' }),
    unmet: z.array(unmetSchema).meta({
      description:
        'Conditions that the installation does not meet, as it is now. Of `or[…]`, those of one part ' +
        'suffice.',
    }),
  })
  .meta({ id: 'Absence' });

export const whySchema = z
  .object({
    campaign: z.object({
      id: z.string(),
      name: z.string(),
      app: z.string(),
      state: z.enum(campaignStates),
      createdAt: time,
    }),
    installationId: z.string(),
    isStored: z.boolean().meta({ description: 'The app has such an installation now.' }),
    askedAt: time,
    state: z.enum(whyStates).meta({
      description:
        'accepted: the provider took the push, and does not say whether the device shows it. in-doubt: ' +
        'sent, not answered, and sent once more. not-tracked: a topic. unknown: no longer known.',
    }),
    summary: z.string().meta({ description: 'One or two sentences for people.' }),
    next: z.string().meta({ description: 'What to do; empty if nothing.' }),
    delivery: deliverySchema.nullable().meta({ description: 'null: it is no recipient.' }),
    absence: absenceSchema.nullable().meta({ description: 'Why not; null: it is a recipient.' }),
    hints: z.array(z.object({ kind: z.enum(hintKinds), text: z.string() })).meta({
      description: 'What may keep a person from seeing it, and what has changed since.',
    }),
    timeline: z
      .array(z.object({ at: timeOrNull, kind: z.enum(stepKinds), text: z.string() }))
      .meta({ description: 'In the order of time. Kinds may be added.' }),
  })
  .meta({ id: 'Why' });

export const whyView = (it: Why) =>
  ({
    campaign: {
      id: it.campaign.id,
      name: it.campaign.name,
      app: it.campaign.app,
      state: it.campaign.state,
      createdAt: rfc3339(it.campaign.createdAt),
    },
    installationId: it.installationId,
    isStored: it.installation !== null,
    askedAt: rfc3339(it.now),
    state: it.state,
    summary: it.summary,
    next: it.next,
    delivery: it.delivery && deliveryView(it.delivery),
    absence: it.absence && absenceView(it.absence),
    hints: it.hints.map(({ kind, text }) => ({ kind, text })),
    timeline: it.timeline.map(({ at, kind, text }) => ({ at: rfc3339OrNull(at), kind, text })),
  }) satisfies FieldsOf<typeof whySchema>;

export type WhyView = ReturnType<typeof whyView>;

const NO_OUTCOME: Delivery['state'][] = ['open', 'in-doubt', 'untold'];

const deliveryView = (it: Delivery) =>
  ({
    shard: it.shard,
    chunkId: it.chunkId,
    index: it.index,
    size: it.size,
    provider: it.provider,
    environment: it.environment,
    attempts: it.attempts,
    outcome: it.failure?.outcome ?? (NO_OUTCOME.includes(it.state) ? null : it.state),
    reason: it.failure?.reason ?? null,
    detail: it.failure?.detail ?? null,
    meaning: it.meaning,
    pruned: it.failure?.pruned === true,
    pushId: it.pushId,
    frozenAt: rfc3339OrNull(it.frozenAt),
    claimedAt: rfc3339OrNull(it.claimedAt),
    releasedAt: rfc3339OrNull(it.releasedAt),
    notBefore: it.notBefore === 0 ? null : rfc3339(it.notBefore),
    expiresAt: rfc3339(it.expiresAt),
  }) satisfies FieldsOf<typeof deliverySchema>;

const absenceView = (it: Absence) =>
  ({
    kind: it.kind,
    readBy: rfc3339OrNull(it.readBy),
    unmet: it.unmet.map(({ path, condition, value }) => ({ path, condition, value })),
  }) satisfies FieldsOf<typeof absenceSchema>;

const { campaign, state, summary, next, delivery } = whySchema.shape;

/** One of the pushes to a device. */
export const pushSchema = z
  .object({ campaign, state, summary, next, delivery })
  .meta({ id: 'PushToDevice' });

export const pushView = (it: Why) => {
  const { campaign, state, summary, next, delivery } = whyView(it);
  return { campaign, state, summary, next, delivery } satisfies FieldsOf<typeof pushSchema>;
};
