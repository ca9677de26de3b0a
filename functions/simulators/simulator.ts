/**
 * Simulators of APNs and FCM on this machine: real HTTP/2 over TLS, as strict as the providers, with
 * faults on request.
 */

import { generateKeyPairSync } from 'node:crypto';
import { apnsRules } from './apns/rules.ts';
import { fcmRules } from './fcm/rules.ts';
import {
  type AcceptedPush,
  type Arrival,
  behaviour,
  defaultSettings,
  type SimulatorSettings,
  type SimulatorStats,
} from './shared/behaviour.ts';
import { makeCertificate } from './shared/certificate.ts';
import { startSimulatedServer } from './shared/server.ts';

export type { AcceptedPush, Arrival, SimulatorSettings, SimulatorStats };

interface CommonOptions {
  /** default: any free port */
  port?: number;
  /** PEM; default: a new one */
  certificate?: { key: string; cert: string };
  settings?: Partial<SimulatorSettings>;
}

export type SimulatorOptions = CommonOptions &
  (
    | {
        provider: 'apns';
        publicKey: string;
        keyId: string;
        teamId: string;
        topics: string[];
        /** PEM of the authority that issues client certificates, which replace a token */
        clientCa?: string;
      }
    | { provider: 'fcm'; projectId: string }
  );

export interface Simulator {
  /** https://localhost:port */
  origin: string;
  /** PEM of the certificate to trust */
  ca: string;
  /** Changes the given settings only. Throws if `blocked` is not a reason of the provider. */
  set(settings: Partial<SimulatorSettings>): Promise<void>;
  stats(): Promise<SimulatorStats>;
  /** How many pushes to this token were accepted. */
  countOf(token: string): Promise<number>;
  /** The last accepted push, as it arrived. */
  lastAccepted(): Promise<AcceptedPush | null>;
  /** The first accepted pushes, at most a few thousand. */
  arrivals(): Promise<Arrival[]>;
  /** Resets the counts; settings and connections stay. */
  reset(): Promise<void>;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/** Concurrent streams of a connection. APNs was observed to allow 1,000; FCM allows 100. */
const maxStreams = { apns: 1000, fcm: 100 };

const noRequest = { headers: {}, body: Buffer.alloc(0) };

/** Starts a simulator in this process. Throws what `listen` throws. */
export async function startSimulator(
  options: SimulatorOptions,
  now: () => number = Date.now,
): Promise<Simulator> {
  const certificate = options.certificate ?? (await makeCertificate());
  const settings: SimulatorSettings = {
    ...defaultSettings,
    maxStreams: maxStreams[options.provider],
    ...structuredClone(options.settings),
  };
  const rules =
    options.provider === 'apns' ? apnsRules({ ...options, now }) : fcmRules({ ...options, now });
  const behaves = behaviour(rules, settings, now);
  const server = await startSimulatedServer({
    port: options.port ?? 0,
    certificate,
    ...('clientCa' in options && options.clientCa !== undefined && { clientCa: options.clientCa }),
    settings,
    behaviour: behaves,
  });

  return {
    origin: `https://localhost:${server.port}`,
    ca: certificate.cert,
    async set(changes) {
      if (changes.blocked) rules.refuse(noRequest, changes.blocked);
      // a copy, because the counts of the next few faults are decreased in it
      Object.assign(settings, structuredClone(changes));
      if (changes.maxStreams !== undefined) server.resize();
      if (changes.holdAfter !== undefined) server.release();
    },
    stats: async () => behaves.stats(),
    countOf: async (token) => behaves.countOf(token),
    lastAccepted: async () => behaves.lastAccepted(),
    arrivals: async () => behaves.arrivals(),
    reset: async () => behaves.reset(),
    close: server.close,
  };
}

/** Makes a key like Apple's `AuthKey_….p8`, and its public half for the simulator. Both are PEM. */
export function makeApnsKey(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}
