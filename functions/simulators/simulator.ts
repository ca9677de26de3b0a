/**
 * APNs and FCM on this machine: real HTTP/2 over TLS, as strict as the providers, and as unkind as
 * it is told to be.
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
  /** any that is free without it */
  port?: number;
  /** PEM; made anew without it */
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
        /** PEM of who issues client certificates, which stand in for a token */
        clientCa?: string;
      }
    | { provider: 'fcm'; projectId: string }
  );

export interface Simulator {
  /** https://localhost:port */
  origin: string;
  /** PEM of the certificate to trust */
  ca: string;
  /** Changes some settings; the others stay. Throws when `blocked` is no reason of the provider. */
  set(settings: Partial<SimulatorSettings>): Promise<void>;
  stats(): Promise<SimulatorStats>;
  /** How often a push to this token was accepted. */
  countOf(token: string): Promise<number>;
  /** The push that was accepted last, as it came. */
  lastAccepted(): Promise<AcceptedPush | null>;
  /** The first pushes that were accepted, some thousands of them. */
  arrivals(): Promise<Arrival[]>;
  /** Forgets what was counted; settings and connections stay. */
  reset(): Promise<void>;
  /** Cuts every connection. */
  close(): Promise<void>;
}

/** Concurrent streams of a connection: APNs has been seen to allow 1,000, FCM allows 100. */
const maxStreams = { apns: 1000, fcm: 100 };

const noRequest = { headers: {}, body: Buffer.alloc(0) };

/** A simulator in this process. */
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
      // a copy: 'the next few' are counted down in it
      Object.assign(settings, structuredClone(changes));
      if (changes.maxStreams !== undefined) server.resize();
    },
    stats: async () => behaves.stats(),
    countOf: async (token) => behaves.countOf(token),
    lastAccepted: async () => behaves.lastAccepted(),
    arrivals: async () => behaves.arrivals(),
    reset: async () => behaves.reset(),
    close: server.close,
  };
}

/** A key as Apple issues them (`AuthKey_….p8`), and its public half for the simulator. PEM. */
export function makeApnsKey(): { privateKey: string; publicKey: string } {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}
