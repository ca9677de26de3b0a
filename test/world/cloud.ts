/** The Google engine on this machine, filled with installations, for journeys and benchmarks. */

import { type Client, createClient } from '../../functions/cli/client/client.ts';
import {
  type Cloud,
  type CloudOptions,
  startCloud,
  type Target,
  targets,
} from '../../functions/local/google/cloud.ts';
import type { Fn, FunctionOptions } from '../../functions/local/google/function.ts';
import { type Simulated, startSimulated } from '../../functions/local/simulated.ts';
import type { Store } from '../../functions/ports/ports.ts';
import type { SimulatorSettings } from '../../functions/simulators/simulator.ts';
import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { fill } from './fill.ts';
import { type Providers, providersOf } from './world.ts';

/** Asked by its messages, does what a faulty library might. */
export const faulty = new URL('./faulty.js', import.meta.url).href;
/** Ends when its work is done, however long that takes. */
export const patient = new URL('./patient.js', import.meta.url).href;
/** For tests that start them one by one. */
export const noInstances = Object.fromEntries(targets.map((it) => [it, 0]));

export interface CloudWorld extends Providers {
  cloud: Cloud;
  client: Client;
  /** the client's, for everything */
  key: string;
  /** the functions' database, read directly */
  store: Store;
  simulated: Simulated;
  /** error lines of the functions' logs */
  said: string[];
  /** Starts one more instance, which is not replaced when it ends. */
  start(target: Target, options?: FunctionOptions): Promise<Fn>;
  /** A POST with the invoker's token, or with another header Authorization (null: none). */
  post(target: Target, body: unknown, authorization?: string | null): Promise<Response>;
  close(): Promise<void>;
}

export interface CloudWorldOptions extends Omit<CloudOptions, 'apps' | 'ca'> {
  installations?: number;
  settings?: Partial<SimulatorSettings>;
  progress?: (text: string) => void;
}

export async function createCloudWorld(options: CloudWorldOptions): Promise<CloudWorld> {
  const { installations = 0, settings = {}, progress = () => {}, ...rest } = options;
  const simulated = await startSimulated({ apns: settings, fcm: settings });
  const said: string[] = [];
  const { apps, ca } = simulated;
  const cloud = await startCloud({
    apps,
    ca,
    ...rest,
    output(target, text) {
      if (/"severity":"ERROR"/.test(text)) said.push(`${target}: ${text}`);
      rest.output?.(target, text);
    },
  }).catch(async (error) => {
    await simulated.close();
    throw error;
  });
  const store = createFirestoreStore(cloud.storeOptions);
  const close = async () => {
    await store.close();
    await cloud.stop();
    await simulated.close();
  };
  try {
    progress(`filling ${installations.toLocaleString('en-US')} installations`);
    const key = await fill(store, installations);
    const client = createClient(cloud.url, key);
    return {
      cloud,
      client,
      key,
      store,
      simulated,
      said,
      close,
      start: (target, options) => cloud.instances[target].add(options),
      post: (target, body, authorization = `Bearer ${cloud.tokenFor(target)}`) =>
        fetch(cloud.urlOf(target), {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            ...(authorization !== null && { Authorization: authorization }),
          },
          body: JSON.stringify(body),
        }),
      ...providersOf(simulated),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
