/**
 * The resources of the API, by the first part of their paths. Each is loaded at its first request: their
 * schemas take most of a start, and an instance serves few of them.
 */

import type { Check } from '../doctor/check.ts';
import type { DeadLetters, Ports } from '../ports/ports.ts';
import type { Admit, RegistrationLimit } from './auth/registration-key.ts';
import type { Call } from './core/call.ts';

/** What the calls of the resources are made from. */
export interface Served {
  ports: Ports;
  /** of the calls that a registration key may make */
  admit: Admit;
  /** of receipts, which have limits of their own */
  receipts: RegistrationLimit;
  checks: () => Promise<Check[]>;
  /** absent if the engine keeps none */
  deadLetters?: DeadLetters | undefined;
  isLocal: boolean;
  isSimulated: boolean;
  stop: AbortSignal;
}

type Load = (served: Served) => Promise<Call[]>;

export interface Resource {
  load: Load;
  /** true if some of its calls need no key */
  isPublic: boolean;
}

const withKey: Record<string, Load> = {
  async campaigns({ ports, stop }) {
    const [{ campaignCalls }, { eventsCall }, { createLive }] = await Promise.all([
      import('./campaigns/campaigns.ts'),
      import('./campaigns/events.ts'),
      import('./campaigns/live.ts'),
    ]);
    return [...campaignCalls(ports), eventsCall(createLive(ports), { stop })];
  },
  'campaigns:test': async ({ ports }) => [
    (await import('./campaigns/test-send.ts')).testCall(ports),
  ],
  'campaigns:check': async ({ ports }) => [(await import('./check.ts')).checkCampaignCall(ports)],
  'schedules:check': async ({ ports }) => [(await import('./check.ts')).checkScheduleCall(ports)],
  messages: async ({ ports }) => [(await import('./messages.ts')).messageCall(ports)],
  'messages:render': async ({ ports }) => [(await import('./render.ts')).renderCall(ports)],
  async apps({ ports }) {
    const [{ appCalls }, { appPolicyCalls }] = await Promise.all([
      import('./apps.ts'),
      import('./app-policy.ts'),
    ]);
    return [...appCalls(ports), ...appPolicyCalls(ports)];
  },
  installations: async ({ ports, admit }) =>
    (await import('./installations/installations.ts')).installationCalls(ports, admit),
  'installations:count': async ({ ports }) => [
    (await import('./installations/count.ts')).countInstallationsCall(ports),
  ],
  'installations:find': async ({ ports }) => [
    (await import('./installations/find.ts')).lookUpInstallationsCall(ports),
  ],
  'installations:import': async ({ ports }) => [
    (await import('./installations/import.ts')).importCall(ports),
  ],
  'installations:prune': async ({ ports }) => [
    (await import('./installations/prune.ts')).pruneCall(ports),
  ],
  'installations:normalize': async ({ ports }) => [
    (await import('./installations/normalize.ts')).normalizeCall(ports),
  ],
  receipts: async ({ ports, receipts }) => [
    (await import('./receipts.ts')).receiptsCall(ports, receipts),
  ],
  users: async ({ ports }) => (await import('./users.ts')).userCalls(ports),
  me: async ({ isSimulated }) => [(await import('./me.ts')).meCall(isSimulated)],
  keys: async ({ ports }) => (await import('./keys.ts')).keyCalls(ports),
  schedules: async ({ ports }) => (await import('./schedules/schedules.ts')).scheduleCalls(ports),
  costs: async ({ ports }) => [(await import('./costs.ts')).costsCall(ports)],
  doctor: async ({ checks }) => [(await import('./doctor.ts')).doctorCall(await checks())],
  async events({ deadLetters }) {
    const { deadLetterCalls, noDeadLetters } = await import('./dead-letters.ts');
    return deadLetterCalls(deadLetters ?? noDeadLetters);
  },
  webhooks: async ({ ports, isLocal }) =>
    (await import('./webhooks/webhooks.ts')).webhookCalls(ports, isLocal),
  segments: async ({ ports }) => (await import('./segments.ts')).segmentCalls(ports),
  audiences: async ({ ports }) => (await import('./audiences.ts')).audienceCalls(ports),
  'audiences:estimate': async ({ ports }) => [
    (await import('./campaigns/estimate.ts')).estimateCall(ports),
  ],
};

const withoutKey: Record<string, Load> = {
  // a service that calls an inbound webhook proves itself in another way
  triggers: async ({ ports }) => (await import('./triggers/triggers.ts')).triggerCalls(ports),
  service: async (served) =>
    (await import('./service/service.ts')).serviceCalls(served.ports, () => allCalls(served)),
};

const resources = new Map<string, Resource>([
  ...Object.entries(withKey).map(([name, load]) => [name, { load, isPublic: false }] as const),
  ...Object.entries(withoutKey).map(([name, load]) => [name, { load, isPublic: true }] as const),
]);

const SERVICE = ['/', '/openapi.json', '/healthz'];

/** The resource of a path such as `/v1/campaigns/3f1c`; undefined if there is none. */
export function resourceAt(path: string): Resource | undefined {
  const name = SERVICE.includes(path) ? 'service' : path.match(/^\/v1\/([^/]+)/)?.[1];
  return name === undefined ? undefined : resources.get(name);
}

const allCalls = async (served: Served): Promise<Call[]> =>
  (await Promise.all(resources.values().map(({ load }) => load(served)))).flat();
