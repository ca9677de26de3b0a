/**
 * Google Cloud on this machine: the official emulators, a simulated Cloud Tasks with OIDC tokens,
 * simulated providers, and each function in a process of its own. A project nobody else has.
 */

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CloudTasks,
  type SimulatedLimits,
  startCloudTasks,
} from '../../functions/local/cloud-tasks.ts';
import {
  type Fn,
  type FunctionOptions,
  startFunction,
  type Target,
  targets,
} from '../../functions/local/google/function.ts';
import { createOidc, type Oidc, serveCerts } from '../../functions/local/oidc.ts';
import { type Simulated, startSimulated } from '../../functions/local/simulated.ts';
import type { SimulatorSettings } from '../../functions/local/simulator.ts';
import { queueNames, type Store } from '../../functions/ports.ts';
import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { freshProject } from '../emulators.ts';

/** Asked by its messages, does what a faulty library might. */
export const faulty = new URL('./faulty.js', import.meta.url).href;
const REGION = 'europe-west1';
const INVOKER = 'volley-invoker@volley-test.iam.gserviceaccount.com';

export interface GoogleWorld {
  project: string;
  store: Store;
  simulated: Simulated;
  tasks: CloudTasks;
  oidc: Oidc;
  /** the invoker's, issued that long ago */
  oldToken(target: Target, ageMs: number): string;
  invoker: string;
  urls: Record<Target, string>;
  env(target: Target): Record<string, string>;
  /** Requests to its url come to this instance from then on. */
  start(target: Target, options?: FunctionOptions): Promise<Fn>;
  /** A POST with the invoker's token, or with another header Authorization (null: none). */
  post(target: Target, body: unknown, authorization?: string | null): Promise<Response>;
  close(): Promise<void>;
}

export async function createGoogleWorld(
  settings: Partial<SimulatorSettings> = {},
  limits: Partial<SimulatedLimits> = {},
): Promise<GoogleWorld> {
  const project = freshProject();
  const folder = await mkdtemp(join(tmpdir(), 'volley-google-'));
  let agedMs = 0;
  const [simulated, oidc, ...doors] = await Promise.all([
    startSimulated({ apns: settings, fcm: settings }),
    createOidc({ now: () => Date.now() - agedMs }),
    ...targets.map(openDoor),
  ]);
  const certs = await serveCerts(oidc);
  const urls = Object.fromEntries(targets.map((target, i) => [target, doors[i]!.url])) as Record<
    Target,
    string
  >;
  const tasks = await startCloudTasks({
    oidc,
    queues: Object.fromEntries(
      queueNames.map((name) => [
        `projects/${project}/locations/${REGION}/queues/volley-${name}`,
        { minBackoffMs: 100, maxBackoffMs: 1000, ...limits },
      ]),
    ),
  });
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, simulated.ca);
  const { apns, fcm } = simulated.apps.default!;
  if (!apns || !('key' in apns) || !fcm) throw new Error('simulated without keys');
  const common: Record<string, string> = {
    GOOGLE_CLOUD_PROJECT: project,
    VOLLEY_REGION: REGION,
    VOLLEY_INVOKER: INVOKER,
    VOLLEY_PLAN_URL: urls.plan,
    VOLLEY_SEND_APNS_URL: urls.sendApns,
    VOLLEY_SEND_FCM_URL: urls.sendFcm,
    VOLLEY_DELIVER_URL: urls.deliver,
    FIRESTORE_EMULATOR_HOST: process.env.FIRESTORE_EMULATOR_HOST ?? '127.0.0.1:1',
    PUBSUB_EMULATOR_HOST: process.env.PUBSUB_EMULATOR_HOST ?? '127.0.0.1:1',
    CLOUD_TASKS_EMULATOR_HOST: tasks.host,
    VOLLEY_OIDC_CERTS: certs.url,
    APNS_KEY: apns.key,
    APNS_KEY_ID: apns.keyId,
    APNS_TEAM_ID: apns.teamId,
    APNS_TOPIC: apns.topic,
    APNS_ORIGIN: apns.origins.production,
    FCM_PROJECT_ID: fcm.projectId,
    FCM_ORIGIN: fcm.origin,
    NODE_EXTRA_CA_CERTS: ca,
  };
  const store = createFirestoreStore({
    ...{ project, emulator: process.env.FIRESTORE_EMULATOR_HOST ?? null },
  });
  const running = new Set<Fn>();
  const env = (target: Target) => ({ ...common, VOLLEY_URL: urls[target] });
  return {
    ...{ project, store, simulated, tasks, oidc, invoker: INVOKER, urls, env },
    async start(target, options) {
      const fn = await startFunction(target, env(target), options);
      running.add(fn);
      doors[targets.indexOf(target)]!.lead(Number(new URL(fn.url).port));
      return fn;
    },
    oldToken(target, ageMs) {
      agedMs = ageMs;
      try {
        return oidc.token(urls[target], INVOKER);
      } finally {
        agedMs = 0;
      }
    },
    post: (target, body, authorization = `Bearer ${oidc.token(urls[target], INVOKER)}`) =>
      fetch(urls[target], {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(authorization !== null && { Authorization: authorization }),
        },
        body: JSON.stringify(body),
      }),
    async close() {
      await Promise.all([...running].map((fn) => fn.end('SIGKILL')));
      await Promise.all(doors.map((it) => it.close()));
      await Promise.all([tasks.close(), certs.close(), simulated.close(), store.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Door {
  url: string;
  /** the instance behind it; without one, connections are cut */
  lead(port: number | null): void;
  close(): Promise<void>;
}

/** An address that stays while instances come and go, as Google's front end is. */
async function openDoor(): Promise<Door> {
  let port: number | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (port === null) return socket.destroy();
    const instance = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [socket, instance],
      [instance, socket],
    ] as const) {
      sockets.add(from);
      from
        .on('error', () => to.destroy())
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    lead(to) {
      port = to;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
