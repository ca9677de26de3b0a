/**
 * The Google engine on this machine. It starts each function in processes behind an address, Google's
 * emulators of Firestore and Pub/Sub, our simulator of Cloud Tasks, and a scheduler that calls tick. The
 * functions are those that are deployed, with variables that name the emulators. To run the deployed
 * bundle as Cloud Run does, see test/world/deployed.ts.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unavailable } from '../../lib/errors.ts';
import { createLog } from '../../log.ts';
import { type QueueName, queueNames } from '../../model/queues.ts';
import type { AppCredentials } from '../../providers/registry.ts';
import {
  type CloudTasks,
  type SimulatedLimits,
  startCloudTasks,
} from '../../simulators/cloud-tasks/simulator.ts';
import { createOidc, type Oidc, serveCerts } from '../../simulators/shared/oidc.ts';
import type { FirestoreStoreOptions } from '../../store/firestore.ts';
import { type EmulatorName, emulatorsMissing, startEmulator } from './emulators.ts';
import { as, type Front, inTurn, openFront } from './front.ts';
import { type Target, targets } from './function.ts';
import { type Instances, startInstances } from './instances.ts';
import { createTopic } from './topic.ts';

export { type Target, targets } from './function.ts';

export interface CloudOptions {
  apps: Record<string, AppCredentials>;
  /** PEM of an authority that the senders trust in addition to the usual ones */
  ca?: string;
  project?: string;
  /** addresses of emulators that run already; default: starts them */
  emulators?: Record<EmulatorName, string>;
  /** port of the API; default: any free port */
  port?: number;
  /** stands in front of the API */
  beforeApi?: (api: RequestListener) => RequestListener;
  /** constant number of processes of each function; default: 1 */
  instances?: Partial<Record<Target, number>>;
  /** file that the functions run; default: functions/index.ts */
  entry?: string;
  /** modules that the functions load first */
  preload?: string[];
  /** limits of the queues that differ from the defaults below */
  queues?: Partial<SimulatedLimits>;
  /** ms between calls of tick; default: a minute, as on Cloud Scheduler */
  tickEveryMs?: number;
  output?(target: string, text: string): void;
}

export interface Cloud {
  url: string;
  project: string;
  /** options for a Firestore store on the functions' data */
  storeOptions: FirestoreStoreOptions;
  /** 127.0.0.1:port */
  emulators: Record<EmulatorName, string>;
  tasks: CloudTasks;
  instances: Record<Target, Instances>;
  urlOf(target: Target): string;
  env(target: Target): Record<string, string>;
  /** e-mail address of the account that the functions admit */
  invoker: string;
  /** signs the invoker's tokens */
  oidc: Oidc;
  /** a token of the invoker for this function */
  tokenFor(target: Target): string;
  /** Calls tick as Cloud Scheduler does; returns the HTTP status. */
  tick(): Promise<number>;
  /** the most memory that a process of each function has had, in MB, of those that run now; Linux only */
  peakRssMb(): Promise<Record<Target, number>>;
  stop(): Promise<void>;
}

const PROJECT = 'volley-local';
const REGION = 'europe-west1';
const PREFIX = 'volley';
const TICK_EVERY_MS = 60_000;
/**
 * As in `infra/` for a function of 512 MiB. Without them V8 takes the bounds of its heap from the memory of
 * this machine, and lets garbage lie until it is near them.
 */
const HEAP_OPTIONS = '--max-semi-space-size=8 --max-old-space-size=256';

/** Throws `Unavailable` if the emulators are not installed, or something does not start. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const missing = options.emulators ? null : emulatorsMissing();
  if (missing !== null) throw new Unavailable(missing);
  const { project = PROJECT } = options;
  const invoker = `${PREFIX}-invoker@${project}.iam.gserviceaccount.com`;
  const { tickEveryMs = TICK_EVERY_MS, instances: counts = {}, output = () => {} } = options;
  const { parts, stop, keep } = createParts();

  try {
    const folder = await mkdtemp(join(tmpdir(), 'volley-cloud-'));
    parts.push(() => rm(folder, { recursive: true, force: true }));
    const { oidc, firestore, pubsub, tasks, certs } = await startServices(options, keep);

    const instances: Partial<Record<Target, Instances>> = {};
    const portsOf = (target: Target) => () => instances[target]?.ports() ?? [];
    const fronts = await openFronts(portsOf, options, keep);
    const tokenFor = (target: Target) => oidc.token(fronts[target].url, invoker);

    // the emulator sends no token
    const admit = as(() => tokenFor('deliver'));
    const pushes = keep(await openFront({ take: inTurn(portsOf('deliver')), admit }));
    await createTopic(pubsub, { project, topic: `${PREFIX}-events`, pushTo: pushes.url });

    const certificates = join(folder, 'ca.pem');
    await writeFile(certificates, options.ca ?? '');
    const common = {
      NODE_ENV: 'production',
      NODE_OPTIONS: HEAP_OPTIONS,
      ...credentialsOf(options.apps),
      NODE_EXTRA_CA_CERTS: certificates,
      GOOGLE_CLOUD_PROJECT: project,
      VOLLEY_REGION: REGION,
      VOLLEY_PREFIX: PREFIX,
      VOLLEY_INVOKER: invoker,
      ...urlsOf(fronts),
      VOLLEY_OIDC_CERTS: certs.url,
      FIRESTORE_EMULATOR_HOST: firestore,
      PUBSUB_EMULATOR_HOST: pubsub,
      CLOUD_TASKS_EMULATOR_HOST: tasks.host,
    };
    const env = (target: Target) => ({ ...common, VOLLEY_URL: fronts[target].url });
    await Promise.all(
      targets.map(async (target) => {
        instances[target] = keep(
          await startInstances({
            target,
            output,
            count: counts[target] ?? 1,
            env: env(target),
            ...(options.entry !== undefined && { entry: options.entry }),
            ...(options.preload && { preload: options.preload }),
          }),
        );
      }),
    );

    const tick = () => callTick(fronts.tick.url, tokenFor('tick'));
    // the function logs a failed tick, and the next tick does its work
    const ticker = setInterval(() => tick().catch(() => {}), tickEveryMs);
    parts.push(async () => clearInterval(ticker));

    return {
      url: fronts.api.url,
      project,
      tasks,
      emulators: { firestore, pubsub },
      storeOptions: { project, emulator: firestore },
      instances: instances as Record<Target, Instances>,
      urlOf: (target) => fronts[target].url,
      env,
      invoker,
      oidc,
      tokenFor,
      tick,
      peakRssMb: () => peaksOf(instances as Record<Target, Instances>),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What is Google's: the emulators and our simulators, with the keys that sign tokens. */
async function startServices(
  { project = PROJECT, emulators, queues, output = () => {} }: CloudOptions,
  keep: Keep,
) {
  const emulator = async (name: EmulatorName) =>
    emulators?.[name] ?? keep(await startEmulator(name)).host;
  const oidc = await createOidc();
  const log = createLog((line) => output('cloud tasks', line));
  const [firestore, pubsub, tasks, certs] = await Promise.all([
    emulator('firestore'),
    emulator('pubsub'),
    startCloudTasks({ oidc, log, queues: queuesOf(project, queues) }).then(keep),
    serveCerts(oidc).then(keep),
  ]);
  return { oidc, firestore, pubsub, tasks, certs };
}

/** An address for each function; that of the API has the port and the door that are given. */
async function openFronts(
  portsOf: (target: Target) => () => readonly number[],
  { port, beforeApi }: CloudOptions,
  keep: Keep,
): Promise<Record<Target, Front>> {
  const fronts: Partial<Record<Target, Front>> = {};
  for (const target of targets) {
    const ofApi = {
      ...(port !== undefined && { port }),
      ...(beforeApi && { before: beforeApi }),
    };
    const take = inTurn(portsOf(target));
    fronts[target] = keep(await openFront({ take, ...(target === 'api' && ofApi) }));
  }
  return fronts as Record<Target, Front>;
}

type Keep = ReturnType<typeof createParts>['keep'];

/** Collects what was started. `stop` ends it in reverse order. */
function createParts() {
  const parts: (() => Promise<void>)[] = [];
  return {
    parts,
    keep<T extends { stop(): Promise<void> } | { close(): Promise<void> }>(it: T): T {
      parts.push(() => ('stop' in it ? it.stop() : it.close()));
      return it;
    },
    async stop() {
      for (const end of parts.splice(0).reverse()) await end();
    },
  };
}

/** Variables with the addresses of the functions that take tasks. */
const urlsOf = (fronts: Record<Target, Front>) => ({
  VOLLEY_PLAN_URL: fronts.plan.url,
  VOLLEY_SEND_APNS_URL: fronts.sendApns.url,
  VOLLEY_SEND_FCM_URL: fronts.sendFcm.url,
  VOLLEY_DELIVER_URL: fronts.deliver.url,
});

async function callTick(url: string, token: string): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(60_000),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Limits as in `infra/`, except for concurrency: as many handlers as suit two cores. */
function queuesOf(project: string, changes: Partial<SimulatedLimits> = {}) {
  const limits = {
    perSecond: 500,
    concurrent: 2,
    maxAttempts: 60,
    minBackoffMs: 200,
    maxBackoffMs: 60_000,
    maxDoublings: 6,
    ...changes,
  };
  const name = (queue: QueueName) =>
    `projects/${project}/locations/${REGION}/queues/${PREFIX}-${queue}`;
  return Object.fromEntries(queueNames.map((queue) => [name(queue), limits]));
}

/** Variables with the app's credentials, as Secret Manager would set them. */
function credentialsOf(apps: Record<string, AppCredentials>): Record<string, string> {
  const { apns, fcm } = apps.default ?? { apns: null, fcm: null };
  return {
    ...(apns &&
      'key' in apns && {
        APNS_KEY: apns.key,
        APNS_KEY_ID: apns.keyId,
        APNS_TEAM_ID: apns.teamId,
        APNS_TOPIC: apns.topic,
        APNS_ORIGIN: apns.origins.production,
      }),
    ...(fcm && { FCM_PROJECT_ID: fcm.projectId, FCM_ORIGIN: fcm.origin }),
  };
}

async function peaksOf(instances: Record<Target, Instances>): Promise<Record<Target, number>> {
  const peaks = targets.map(async (target) => {
    const all = await Promise.all(instances[target].pids().map(peakRssMb));
    return [target, Math.max(0, ...all)];
  });
  return Object.fromEntries(await Promise.all(peaks));
}

async function peakRssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(status.match(/^VmHWM:\s+(\d+) kB/m)?.[1] ?? 0) / 1024);
}
