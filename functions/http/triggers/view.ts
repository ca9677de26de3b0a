/** A trigger and its failed inbound webhooks, as the API shows them. */

import * as z from 'zod';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { said } from '../../model/audience/everybody.ts';
import type { FailedPing, PingCounts, Proof, Trigger } from '../../model/trigger.ts';
import type { FieldsOf } from '../core/json.ts';

const time = z.iso.datetime();

export const triggerSchema = z
  .object({
    name: z.string(),
    app: z.string(),
    proof: z.record(z.string(), z.unknown()).meta({ description: 'Without its secret.' }),
    audience: z.record(z.string(), z.unknown()),
    message: z.record(z.string(), z.unknown()),
    idPath: z.string().nullable(),
    counts: z.object({
      received: z.int().meta({ description: 'Had a valid proof.' }),
      forged: z.int().meta({ description: 'Had none, and were dropped.' }),
    }),
    createdAt: time,
  })
  .meta({ id: 'Trigger' });

export const noPings: PingCounts = { received: 0, forged: 0 };

/** Without the secret, or its hash. */
function proofView(it: Proof) {
  switch (it.kind) {
    case 'token':
      return { kind: it.kind, in: it.in, name: it.name };
    case 'github':
      return { kind: it.kind };
    case 'stripe':
    case 'standard':
      return { kind: it.kind, toleranceSeconds: it.toleranceSeconds };
  }
}

export const triggerView = (it: Trigger & { counts: PingCounts }) =>
  ({
    name: it.name,
    app: it.app,
    proof: proofView(it.proof),
    audience: said(it.audience),
    message: it.message,
    idPath: it.idPath,
    counts: { received: it.counts.received, forged: it.counts.forged },
    createdAt: rfc3339(it.createdAt),
  }) satisfies FieldsOf<typeof triggerSchema>;

export type TriggerView = ReturnType<typeof triggerView>;

export const failedPingSchema = z
  .object({
    id: z.string(),
    at: time,
    faults: z.array(z.object({ path: z.string(), message: z.string() })),
    body: z.string().meta({ description: 'As it came.' }),
  })
  .meta({ id: 'FailedPing' });

export const failedPingView = (it: FailedPing) =>
  ({
    id: it.key,
    at: rfc3339(it.at),
    faults: it.faults,
    body: Buffer.from(it.body, 'base64').toString(),
  }) satisfies FieldsOf<typeof failedPingSchema>;

export type FailedPingView = ReturnType<typeof failedPingView>;
