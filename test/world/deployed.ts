/**
 * Runs an installed build as it is deployed: each function has the environment, the concurrency and the
 * instances that `infra/gcloud.sh` gives it, behind a simulated front end of Cloud Run. Emulators and
 * simulators answer under the real names of Google's and the providers' services.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '../../functions/cli/client/client.ts';
import type { EmulatorName } from '../../functions/local/google/emulators.ts';
import { as, inTurn, openFront } from '../../functions/local/google/front.ts';
import { startFunction, type Target } from '../../functions/local/google/function.ts';
import {
  type Player,
  redirectTo,
  startGoogleApis,
} from '../../functions/local/google/run/googleapis.ts';
import { openService, type Service } from '../../functions/local/google/run/service.ts';
import { createTopic } from '../../functions/local/google/topic.ts';
import { type Simulated, startSimulated } from '../../functions/local/simulated.ts';
import {
  type CloudTasks,
  startCloudTasks,
} from '../../functions/simulators/cloud-tasks/simulator.ts';
import { createOidc, type Oidc } from '../../functions/simulators/shared/oidc.ts';
import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { PATIENT_MS } from '../until.ts';
import { type DeployedFunction, deploymentOf } from './deployment.ts';
import { fill } from './fill.ts';
import { type Providers, providersOf } from './world.ts';

/** A build that was installed, in a folder to which secrets may be written. */
export interface Archive {
  dist: string;
  /** of the Functions Framework that `dist` finds */
  framework: string;
}

export interface DeployedWorld extends Providers {
  client: Client;
  oidc: Oidc;
  /** e-mail of the account that calls the private functions */
  invoker: string;
  services: Record<Target, Service>;
  /** error lines of the functions' logs */
  said: string[];
  /** names they connected to for which there is no emulator or simulator */
  strangers: string[];
  close(): Promise<void>;
}

export interface DeployedOptions {
  archive: Archive;
  project: string;
  emulators: Record<EmulatorName, string>;
  installations: number;
}

const PREFIX = 'volley';
/** A request without an instance waits less than on the platform until it gets 429. */
const QUEUE_MS = 1_000;
const portOf = (host: string) => Number(host.slice(host.lastIndexOf(':') + 1));

export async function createDeployedWorld(options: DeployedOptions): Promise<DeployedWorld> {
  const { archive, project, emulators, installations } = options;
  /** stopped in reverse order */
  const parts: (() => Promise<unknown>)[] = [];
  const keep = <T extends { close(): Promise<unknown> }>(it: T): T => {
    parts.push(() => it.close());
    return it;
  };
  const close = async () => {
    for (const end of parts.splice(0).reverse()) await end();
  };
  try {
    const simulated = keep(await startSimulated());
    const { settings, secrets } = await credentialsOf(simulated, archive);
    const { functions, queues } = await deploymentOf(project, settings);
    const oidc = await createOidc();
    const at = new Map<string, string>();
    const tasks = keep(
      await startCloudTasks({
        oidc,
        queues,
        reach: ({ host, pathname, search }) => new URL(pathname + search, at.get(host)),
      }),
    );
    const google = keep(await startGoogleApis(playersOf(simulated, tasks, emulators)));
    const ca = join(archive.dist, 'ca.pem');
    await writeFile(ca, google.ca);
    const preload = [redirectTo(google, ca)];

    const said: string[] = [];
    const services = {} as Record<Target, Service>;
    for (const it of functions) {
      const start = () =>
        startFunction(it.target, withSecrets(it, secrets), {
          entry: archive.dist,
          framework: archive.framework,
          preload,
          onOutput(text) {
            if (/"severity":"(ERROR|CRITICAL)"/.test(text)) said.push(`${it.name}: ${text}`);
          },
        });
      // an instance ends by itself, however long a busy machine takes; on the platform it has ten seconds
      const service = keep(
        await openService({
          ...it,
          certs: oidc.certs,
          queueMs: QUEUE_MS,
          stopMs: PATIENT_MS,
          start,
        }),
      );
      services[it.target] = service;
      at.set(new URL(it.url).host, service.at);
    }
    const invoker = functions[0]!.environment.VOLLEY_INVOKER!;
    const pushes = keep(
      await openFront({
        take: inTurn(() => [portOf(services.deliver.at)]),
        // the emulator sends no token
        admit: as(() => oidc.token(services.deliver.url, invoker)),
      }),
    );
    const topic = `${PREFIX}-events`;
    await createTopic(emulators.pubsub, { project, topic, pushTo: pushes.url });

    const store = keep(
      createFirestoreStore({ project, database: PREFIX, emulator: emulators.firestore }),
    );
    const key = await fill(store, installations);
    return {
      client: createClient(services.api.at, key),
      oidc,
      invoker,
      services,
      said,
      strangers: google.strangers,
      close,
      ...providersOf(simulated),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The script's settings, and files in place of what is mounted under /secrets. */
async function credentialsOf({ apps }: Simulated, { dist }: Archive) {
  const { apns, fcm } = apps.default!;
  if (!apns || !('key' in apns) || !fcm) throw new Error('both providers are simulated, with keys');
  const key = join(dist, 'AuthKey.p8');
  await writeFile(key, apns.key, { mode: 0o600 });
  const { keyId: APNS_KEY_ID, teamId: APNS_TEAM_ID, topic: APNS_TOPIC } = apns;
  return {
    settings: { APNS_KEY_ID, APNS_TEAM_ID, APNS_TOPIC, FCM_PROJECT: fcm.projectId },
    secrets: { APNS_KEY: key },
  };
}

const withSecrets = ({ environment }: DeployedFunction, secrets: Record<string, string>) => ({
  ...environment,
  ...Object.fromEntries(Object.entries(secrets).filter(([name]) => name in environment)),
});

function playersOf(
  { apps, ca }: Simulated,
  tasks: CloudTasks,
  emulators: Record<EmulatorName, string>,
): Record<string, Player> {
  const { apns, fcm } = apps.default!;
  return {
    'firestore.googleapis.com': { port: portOf(emulators.firestore) },
    'pubsub.googleapis.com': { port: portOf(emulators.pubsub) },
    'cloudtasks.googleapis.com': { port: portOf(tasks.host) },
    'fcm.googleapis.com': { port: portOf(fcm!.origin), ca },
    'api.push.apple.com': { port: portOf(apns!.origins.production), ca },
  };
}
