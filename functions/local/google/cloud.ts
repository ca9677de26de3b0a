/**
 * The Google engine on this machine: every function in processes of its own behind an address of its
 * own, Google's emulators of Firestore and Pub/Sub, our simulators of Cloud Tasks and of the providers,
 * a scheduler that ticks. The functions are those that are deployed, told where the emulators are; what
 * is deployed is run as on the platform by test/world/deployed.ts.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unavailable } from '../../lib/errors.ts';
import { createLog } from '../../log.ts';
import { type QueueName, queueNames } from '../../model/tasks.ts';
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
  /** PEM: whom the senders trust beside the usual authorities */
  ca?: string;
  project?: string;
  /** those that run already; started without it */
  emulators?: Record<EmulatorName, string>;
  /** of the API; any that is free without it */
  port?: number;
  /** processes of a function, always; one of each without it */
  instances?: Partial<Record<Target, number>>;
  /** what differs from the limits below */
  queues?: Partial<SimulatedLimits>;
  /** Cloud Scheduler's is a minute */
  tickEveryMs?: number;
  output?(target: string, text: string): void;
}

export interface Cloud {
  url: string;
  project: string;
  /** what the functions' Firestore store is made with */
  storeOptions: FirestoreStoreOptions;
  /** 127.0.0.1:port */
  emulators: Record<EmulatorName, string>;
  tasks: CloudTasks;
  instances: Record<Target, Instances>;
  /** of a function */
  urlOf(target: Target): string;
  env(target: Target): Record<string, string>;
  /** whom the functions let in, and what signs its tokens */
  invoker: string;
  oidc: Oidc;
  /** a token that the functions believe, for this one */
  tokenFor(target: Target): string;
  /** as Cloud Scheduler does; the status it was answered */
  tick(): Promise<number>;
  /** of every function process that runs now; Linux tells it */
  peakRssMb(): Promise<number[]>;
  stop(): Promise<void>;
}

const REGION = 'europe-west1';
const PREFIX = 'volley';
const TICK_EVERY_MS = 60_000;

/** Throws `Unavailable` when the emulators are not installed, or something does not start. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const missing = options.emulators ? null : emulatorsMissing();
  if (missing !== null) throw new Unavailable(missing);
  const { project = 'volley-local' } = options;
  const invoker = `${PREFIX}-invoker@${project}.iam.gserviceaccount.com`;
  const { tickEveryMs = TICK_EVERY_MS, instances: counts = {}, output = () => {} } = options;
  /** ended in the opposite order */
  const parts: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of parts.splice(0).reverse()) await end();
  };
  const keep = <T extends { stop(): Promise<void> } | { close(): Promise<void> }>(it: T): T => {
    parts.push(() => ('stop' in it ? it.stop() : it.close()));
    return it;
  };

  try {
    const folder = await mkdtemp(join(tmpdir(), 'volley-cloud-'));
    parts.push(() => rm(folder, { recursive: true, force: true }));
    const emulator = async (name: EmulatorName) =>
      options.emulators?.[name] ?? keep(await startEmulator(name)).host;
    const oidc = await createOidc();
    const say = (line: string) => output('cloud tasks', line);
    const [firestore, pubsub, tasks, certs] = await Promise.all([
      emulator('firestore'),
      emulator('pubsub'),
      startCloudTasks({
        oidc,
        log: createLog(say),
        queues: queues(project, options.queues),
      }).then(keep),
      serveCerts(oidc).then(keep),
    ]);

    const instances: Partial<Record<Target, Instances>> = {};
    const fronts = {} as Record<Target, Front>;
    for (const target of targets) {
      const ports = () => instances[target]?.ports() ?? [];
      const port = target === 'api' ? options.port : undefined;
      fronts[target] = keep(
        await openFront({ take: inTurn(ports), ...(port !== undefined && { port }) }),
      );
    }
    const tokenFor = (target: Target) => oidc.token(fronts[target].url, invoker);

    const pushes = keep(
      await openFront({
        take: inTurn(() => instances.deliver?.ports() ?? []),
        // the emulator pushes without one
        admit: as(() => tokenFor('deliver')),
      }),
    );
    await createTopic(pubsub, {
      project,
      topic: `${PREFIX}-events`,
      pushTo: pushes.url,
    });

    const certificates = join(folder, 'ca.pem');
    await writeFile(certificates, options.ca ?? '');
    const common = {
      NODE_ENV: 'production',
      ...credentialsOf(options.apps),
      NODE_EXTRA_CA_CERTS: certificates,
      GOOGLE_CLOUD_PROJECT: project,
      VOLLEY_REGION: REGION,
      VOLLEY_PREFIX: PREFIX,
      VOLLEY_INVOKER: invoker,
      VOLLEY_PLAN_URL: fronts.plan.url,
      VOLLEY_SEND_APNS_URL: fronts.sendApns.url,
      VOLLEY_SEND_FCM_URL: fronts.sendFcm.url,
      VOLLEY_DELIVER_URL: fronts.deliver.url,
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
          }),
        );
      }),
    );

    const tick = async () => {
      const answer = await fetch(fronts.tick.url, {
        method: 'POST',
        headers: { authorization: `Bearer ${tokenFor('tick')}` },
        signal: AbortSignal.timeout(60_000),
      });
      await answer.arrayBuffer();
      return answer.status;
    };
    // a tick that fails is said by the function, and the next one does its work
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
      peakRssMb: () =>
        Promise.all(
          Object.values(instances)
            .flatMap((it) => it.pids())
            .map(peakRssMb),
        ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As `infra/` sets them where it matters here: no more handlers at once than two cores are good for. */
function queues(project: string, changes: Partial<SimulatedLimits> = {}) {
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

/** As Secret Manager would give them. */
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

async function peakRssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(status.match(/^VmHWM:\s+(\d+) kB/m)?.[1] ?? 0) / 1024);
}
