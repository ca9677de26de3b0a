/**
 * The shapes of the API's answers: the fields that the command line uses, checked before it does. An
 * answer may have more of them, since a later API may add fields.
 */

import * as z from 'zod';
import type { AppPolicyView } from '../http/app-policy.ts';
import type { AppView, ControlledAppView } from '../http/apps.ts';
import type { Uploaded } from '../http/audiences.ts';
import type { HistoryView } from '../http/campaigns/control.ts';
import type { EstimateView } from '../http/campaigns/estimate.ts';
import type { PublishedView } from '../http/campaigns/export.ts';
import type { FailureView, ReportView } from '../http/campaigns/report-view.ts';
import type { TestedView } from '../http/campaigns/test-send.ts';
import type { CampaignView } from '../http/campaigns/view.ts';
import type { WhyView } from '../http/campaigns/why-view.ts';
import type { CheckedView } from '../http/check.ts';
import type { CostsView } from '../http/costs.ts';
import type { DeadLetterView, RedrivenView } from '../http/dead-letters.ts';
import type { DoctorView } from '../http/doctor.ts';
import type { Imported } from '../http/installations/import.ts';
import type { Pruned } from '../http/installations/prune.ts';
import type { KeyView, NewKey } from '../http/keys.ts';
import type { MeView } from '../http/me.ts';
import type { RenderedMessage } from '../http/render.ts';
import type { ScheduleView } from '../http/schedules/view.ts';
import type { SegmentView } from '../http/segments.ts';
import type { FailedPingView, TriggerView } from '../http/triggers/view.ts';
import type { ErasedView } from '../http/users.ts';
import type { DeliveryView, WebhookView } from '../http/webhooks/view.ts';
import { providers } from '../model/provider/registry.ts';
import type { WarehouseRow } from '../model/rows.ts';
import type { Shape } from './client/answer.ts';

/** An object with at least these fields of `T`. */
export const object = <T>(fields: { [K in keyof T]?: z.ZodType }) =>
  z.looseObject(fields as z.ZodRawShape) as unknown as Shape<T>;

export const text = z.string();
export const number = z.number();
const anyObject = z.looseObject({});
export const numbers = z.record(text, number);
/** ISO 8601, as the API writes all times */
export const time = z.iso.datetime();
/** What a clock shows: without an offset, and without seconds. */
const localTime = z.iso.datetime({ local: true, precision: -1 });

export const listOf = <T>(item: Shape<T>) => z.looseObject({ items: z.array(item) });

const faults = z.array(z.looseObject({ path: text, message: text }));
const lineFaults = z.array(z.looseObject({ line: number, message: text }));

export const published = object<PublishedView>({
  run: time,
  events: number,
  recipients: number,
  receipts: number,
});
export const exportRow = object<WarehouseRow>({ kind: text });

export const checked = object<CheckedView>({ faults });

const counts = object<CampaignView['counts']>({
  recipients: number,
  accepted: number,
  failed: number,
  skipped: number,
  pending: number,
});

const campaignFields = {
  id: text,
  state: text,
  reason: text.nullable(),
  counts,
  receipts: z.looseObject({ opened: number }).optional(),
  waves: z
    .array(
      z.looseObject({
        at: time,
        of: text,
        zones: z.array(text),
        state: text,
        expected: number.optional(),
        counts,
      }),
    )
    .optional(),
  schedule: z.looseObject({ at: text.optional(), local: text.optional() }).optional(),
};
export const campaign = object<CampaignView>(campaignFields);

/** A page of a list that is not read to its end. */
export const campaignPage = object<{ items: CampaignView[]; next: string | null }>({
  items: z.array(object<CampaignView>({ ...campaignFields, name: text, createdAt: time })),
  next: text.nullable(),
});

export const failure = object<FailureView>({
  at: text,
  provider: text,
  outcome: text,
  reason: text,
  installationId: text,
  token: text,
});

export const campaignApp = object<Pick<CampaignView, 'app'>>({ app: text });

const steps = z.array(z.looseObject({ at: time.nullable(), kind: text, text }));
const unmet = z.array(z.looseObject({ path: text, condition: text, value: z.unknown() }));
export const why = object<WhyView>({
  installationId: text,
  state: text,
  summary: text,
  next: text,
  absence: z.looseObject({ kind: text, unmet }).nullable(),
  hints: z.array(z.looseObject({ kind: text, text })),
  timeline: steps,
});

/** Installations that were looked for. */
export const found = object<{ items: { id: string }[]; next: string | null }>({
  items: z.array(z.looseObject({ id: text })),
  next: text.nullable(),
});

/** A campaign of `volley message`; failures are there once it is closed. */
export const messageCampaign = object<CampaignView & { failures?: FailureView[] }>({
  ...campaignFields,
  failures: z.array(failure).optional(),
});

export const report = object<ReportView>({ campaign, ledgerClosed: z.boolean() });

export const history = object<HistoryView>({
  items: z.array(
    object<HistoryView['items'][number]>({ at: text, by: text, to: text, reason: text.nullable() }),
  ),
});

export const estimate = object<EstimateView>({
  installations: number,
  exact: z.boolean(),
  interval: z.looseObject({ low: number, high: number }).optional(),
  asOf: time.nullable().optional(),
  counted: number,
  platforms: numbers,
  languages: numbers,
  visible: number,
  waves: z
    .array(
      z.looseObject({
        at: time,
        zones: z.array(text),
        installations: number,
        held: z.boolean(),
        late: z.boolean(),
      }),
    )
    .optional(),
  held: z.looseObject({ installations: number, until: time }).nullable().optional(),
  canary: z
    .looseObject({ installations: number, waves: number, until: time.nullable() })
    .nullable()
    .optional(),
  seconds: number,
  problems: z.array(
    object<EstimateView['problems'][number]>({
      severity: z.enum(['error', 'warning']),
      message: text,
      installations: number,
      examples: z.array(text),
    }),
  ),
});

const headers = z.record(text, z.union([text, number]));
const push = { headers, bytes: number, mostBytes: number, payload: anyObject };
const rendered = z.looseObject(push).nullish();

export const tested = object<TestedView>({
  campaign: campaign.nullable(),
  recipients: z.array(
    object<TestedView['recipients'][number]>({
      installationId: text,
      provider: text,
      language: text.nullable(),
      warnings: faults,
      ...Object.fromEntries(providers.map((it) => [it, rendered])),
    }),
  ),
});

export const renderedMessage = object<RenderedMessage>({
  provider: text,
  language: text.nullable(),
  warnings: faults,
  faults,
  ...push,
});

/** The doctor always has findings: without one, nothing was looked at. */
export const doctor = object<DoctorView>({
  findings: z
    .array(
      object<DoctorView['findings'][number]>({
        check: text,
        state: z.enum(['well', 'fault', 'unknown']),
        detail: text,
        next: text.optional(),
      }),
    )
    .min(1),
});

const keyFields = {
  id: text,
  name: text,
  scopes: z.array(text),
  app: text.nullable(),
  createdAt: text.nullable(),
};
export const key = object<KeyView>(keyFields);
export const me = object<MeView>({ name: text, scopes: z.array(text), app: text.nullable() });
/** Of the local server's console, which is no part of the API. */
export const consoleCode = object<{ path: string }>({ path: text });
export const newKey = object<NewKey>({ id: text, key: text });

const pause = z.looseObject({ at: text, by: text }).nullable();

export const listedApp = object<AppView>({ app: text, paused: pause, providers: z.array(text) });

export const appPolicy = object<AppPolicyView>({
  quiet: z.looseObject({ from: text, to: text }).nullish(),
  receipts: z.looseObject({ enabled: z.boolean(), delivered: number }),
});

/** Only a change of an app says how many campaigns it has changed. */
export const app = object<Omit<ControlledAppView, 'campaigns'> & { campaigns?: number }>({
  app: text,
  paused: pause,
  campaigns: number.optional(),
});

export const schedule = object<ScheduleView>({
  id: text,
  name: text,
  state: text,
  cron: text,
  timeZone: text.optional(),
  local: z.boolean().optional(),
  late: text.optional(),
  runs: number,
  nextRuns: z.array(z.union([time, localTime])),
  until: time.optional(),
  maxRuns: number.optional(),
});

export const segment = object<SegmentView>({ name: text, audience: anyObject });

export const trigger = object<TriggerView>({
  name: text,
  app: text,
  proof: z.looseObject({ kind: text }),
  counts: z.looseObject({ received: number, forged: number }),
});

export const failedPing = object<FailedPingView>({ id: text, at: text, faults });

const webhookFields = {
  id: text,
  url: z.url(),
  format: text,
  enabled: z.boolean(),
  app: text.nullable(),
  campaignId: text.nullable(),
  disabledReason: text.nullable(),
};
export const webhook = object<WebhookView>(webhookFields);
export const webhookWithSecret = object<WebhookView & { secret: string }>({
  ...webhookFields,
  secret: text,
});

export const delivery = object<DeliveryView>({
  id: text,
  state: text,
  createdAt: text,
  event: z.looseObject({ type: text, subject: text }),
  attempts: z.array(z.looseObject({ status: number.nullable(), error: text.nullable() })),
});

export const deadLetter = object<DeadLetterView>({
  id: text,
  deadAt: text,
  attempts: number.nullable(),
  attributes: z.record(text, text),
  data: text,
});
export const redriven = object<RedrivenView>({
  redriven: number,
  refused: z.array(z.looseObject({ id: text, reason: text })),
});

export const erased = object<ErasedView>({
  installations: number,
  recipients: number,
  failures: number,
  queued: z.literal(true).optional(),
});

export const uploaded = object<Uploaded>({
  id: text,
  size: number,
  rejected: number,
  faults: lineFaults,
});

export const imported = object<Imported>({
  read: number,
  stored: number,
  inserted: number,
  updated: number,
  unchanged: number,
  superseded: number,
  tokensMoved: number,
  rejected: number,
  warned: number,
  faults: lineFaults,
  warnings: lineFaults,
});

export const pruned = object<Pruned>({ found: number, next: text.nullable() });

export const costs = object<CostsView>({
  campaigns: number,
  recipients: number,
  costUsd: number,
  complete: z.boolean(),
});
