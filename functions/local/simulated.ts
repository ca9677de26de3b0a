/** The app `default` for a start without credentials: both providers are simulated. */

import type { AppCredentials } from '../providers/registry.ts';
import { forkSimulator } from '../simulators/fork.ts';
import { makeCertificate } from '../simulators/shared/certificate.ts';
import {
  makeApnsKey,
  type Simulator,
  type SimulatorOptions,
  type SimulatorSettings,
} from '../simulators/simulator.ts';

export interface Simulated {
  apps: Record<string, AppCredentials>;
  /** PEM of the authority that the senders must trust */
  ca: string;
  apns: Simulator;
  fcm: Simulator;
  close(): Promise<void>;
}

const APNS = { keyId: 'SIMULATED1', teamId: 'VOLLEYTEAM', topic: 'com.example.app' };
const PROJECT = 'simulated';

/** Faults of a usual day: removed apps, bad tokens, replaced connections, a few 503 and 429 answers. */
const usualDay: Partial<SimulatorSettings> = {
  latencyMs: 60,
  deadShare: 0.03,
  badShare: 0.005,
  goawayEvery: 2_000,
  unavailable: { share: 0.001, retryAfterSeconds: 1 },
};

/** What the simulators do with pushes, by `VOLLEY_SIMULATE`. */
export const simulations = {
  accepting: {},
  realistic: {
    apns: usualDay,
    fcm: { ...usualDay, tooMany: { share: 0.005, retryAfterSeconds: 1 } },
  },
} as const satisfies Record<string, Parameters<typeof startSimulated>[0]>;

export const simulatedText = (simulate: keyof typeof simulations) =>
  `SIMULATED${simulate === 'realistic' ? ', a share is refused' : ''}: no device gets anything`;

/** `start`: how a simulator is started, by default in a process of its own. */
export async function startSimulated(
  settings: { apns?: Partial<SimulatorSettings>; fcm?: Partial<SimulatorSettings> } = {},
  start: (options: SimulatorOptions) => Promise<Simulator> = forkSimulator,
): Promise<Simulated> {
  const certificate = await makeCertificate();
  const key = makeApnsKey();
  const [apns, fcm] = await Promise.all([
    start({
      provider: 'apns',
      publicKey: key.publicKey,
      keyId: APNS.keyId,
      teamId: APNS.teamId,
      topics: [APNS.topic],
      certificate,
      ...(settings.apns && { settings: settings.apns }),
    }),
    start({
      provider: 'fcm',
      projectId: PROJECT,
      certificate,
      ...(settings.fcm && { settings: settings.fcm }),
    }),
  ]);
  return {
    apps: {
      default: {
        apns: {
          ...APNS,
          key: key.privateKey,
          origins: { production: apns.origin, sandbox: apns.origin },
        },
        fcm: { projectId: PROJECT, origin: fcm.origin, auth: { kind: 'placeholder' } },
      },
    },
    ca: certificate.cert,
    apns,
    fcm,
    close: async () => {
      await Promise.all([apns.close(), fcm.close()]);
    },
  };
}
