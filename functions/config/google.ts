/** The configuration of a function on Google Cloud: a pure function of the environment. */

import { readFileSync } from 'node:fs';
import type { Fault } from '../lib/errors.ts';
import { urlVariable, type Worker, workers } from '../model/queues.ts';
import { readApps } from '../providers/credentials.ts';
import type { AppCredentials } from '../providers/registry.ts';
import type { ReadFile } from '../providers/shared/credential-reader.ts';
import {
  ConfigError,
  type Env,
  type Read,
  reader,
  readRetentionDays,
  readTrustedHops,
} from './common.ts';

/** `infra/` sets the variables. */
export interface GoogleConfig {
  project: string;
  region: string;
  /** begins the name of every resource, such as `volley-send-apns` */
  prefix: string;
  /** id of the Firestore database */
  database: string;
  retentionDays: number;
  /** how many addresses at the end of X-Forwarded-For trusted proxies wrote; 1: Cloud Run's front end only */
  trustedHops: number;
  /** e-mail address of the service account that calls the functions */
  invoker: string;
  invokerCheck: 'signature' | 'platform';
  /** url of this function, which is the audience of the invoker's tokens */
  url: string;
  /** url of each function that takes tasks */
  urls: Record<Worker, string>;
  apps: Record<string, AppCredentials>;
  /** True if webhooks may call this machine. Never true on Cloud Run. */
  isLocal: boolean;
  /** set only on a developer's machine */
  local: { firestoreHost?: string; pubsubHost?: string; tasksHost?: string; certsUrl?: string };
}

/**
 * A function trusts the servers at these addresses, so a deployed function refuses all of them.
 * DANGER: make no exception for tests. Tests of the deployed code set K_SERVICE and none of these;
 * local/google/run/redirect.js, loaded from outside, redirects the connections to emulators.
 */
const localVariables = {
  FIRESTORE_EMULATOR_HOST: 'host',
  PUBSUB_EMULATOR_HOST: 'host',
  CLOUD_TASKS_EMULATOR_HOST: 'host',
  // DANGER: while it is set, Google's library accepts unsigned tokens
  FIREBASE_AUTH_EMULATOR_HOST: 'host',
  VOLLEY_OIDC_CERTS: 'loopback',
} as const;

/** Which function this process is, '' if none is named, and whether Cloud Run runs it. */
export const readTarget = ({ FUNCTION_TARGET = '', K_SERVICE }: Env) => ({
  target: FUNCTION_TARGET,
  isOnCloudRun: K_SERVICE !== undefined,
});

/** Throws a ConfigError that lists every fault. An empty variable counts as not set. */
export function readGoogleConfig(env: Env, readFile: ReadFile = readFileSync): GoogleConfig {
  const faults: Fault[] = [];
  const read = reader(env);
  /** Cloud Run sets K_SERVICE: https://cloud.google.com/run/docs/container-contract#env-vars */
  const deployed = read('K_SERVICE') !== undefined;

  const { text, url, local } = variables(read, faults, deployed);
  // only checked here: Google's library reads it
  local('FIREBASE_AUTH_EMULATOR_HOST');
  const firestoreHost = local('FIRESTORE_EMULATOR_HOST');
  const pubsubHost = local('PUBSUB_EMULATOR_HOST');
  const tasksHost = local('CLOUD_TASKS_EMULATOR_HOST');
  const certsUrl = local('VOLLEY_OIDC_CERTS');

  const retentionDays = readRetentionDays(read, faults);
  const trustedHops = readTrustedHops(read, faults, 1);
  const config: GoogleConfig = {
    project: text(
      'GOOGLE_CLOUD_PROJECT',
      /^[a-z0-9][a-z0-9.:-]{3,62}$/,
      'must be a project id such as my-project-1234, not its number or name',
    ),
    region: text('VOLLEY_REGION', /^[a-z]+-[a-z]+\d+$/, 'must be a region such as europe-west1'),
    prefix: text(
      'VOLLEY_PREFIX',
      // the id of a service account has at most 30 characters, and ours end with `-send-apns`
      /^[a-z][a-z0-9-]{0,18}[a-z0-9]$/,
      'must be 2 to 20 small letters, digits and hyphens, such as volley',
      'volley',
    ),
    database: text(
      'VOLLEY_DATABASE',
      /^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/,
      'must be the id of a Firestore database, or left out for (default)',
      '(default)',
    ),
    retentionDays,
    trustedHops,
    invoker: text(
      'VOLLEY_INVOKER',
      /^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/,
      'must be the e-mail of the service account that calls the functions',
    ),
    invokerCheck: readInvokerCheck(read, faults, deployed),
    url: url('VOLLEY_URL', 'this function itself'),
    urls: Object.fromEntries(
      workers.map((it) => [it, url(urlVariable(it), `the function ${it}`)]),
    ) as Record<Worker, string>,
    apps: readApps(read, faults, readFile),
    isLocal: !deployed && tasksHost !== undefined,
    local: {
      ...(firestoreHost && { firestoreHost }),
      ...(pubsubHost && { pubsubHost }),
      ...(tasksHost && { tasksHost }),
      ...(certsUrl && { certsUrl }),
    },
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Readers of variables by their form. Each adds what is wrong to `faults`. */
function variables(read: Read, faults: Fault[], deployed: boolean) {
  const text = (name: string, pattern: RegExp, message: string, fallback?: string): string => {
    const value = read(name) ?? fallback;
    if (value === undefined) faults.push({ path: name, message: `is missing; ${message}` });
    else if (!pattern.test(value)) faults.push({ path: name, message });
    return value ?? '';
  };

  const url = (name: string, of: string): string => {
    const value = read(name);
    const parsed = value !== undefined && URL.canParse(value) ? new URL(value) : null;
    const secure = parsed?.protocol === 'https:' || (!deployed && parsed?.protocol === 'http:');
    if (!parsed || !secure || parsed.search || parsed.hash || parsed.username)
      faults.push({
        path: name,
        message: `${value === undefined ? 'is missing; give' : 'must be'} the https:// url of ${of}`,
      });
    return value ?? '';
  };

  const local = (name: keyof typeof localVariables): string | undefined => {
    const value = read(name);
    if (value === undefined) return undefined;
    const fits =
      localVariables[name] === 'host'
        ? /^[\w.:[\]-]+:\d{1,5}$/.test(value)
        : /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?\//.test(value);
    if (deployed)
      faults.push({ path: name, message: 'is for a developer’s machine; take it away here' });
    else if (!fits)
      faults.push({
        path: name,
        message:
          localVariables[name] === 'host'
            ? 'must be host:port, such as 127.0.0.1:8085'
            : 'must be an address of this machine, such as http://127.0.0.1:9000/certs',
      });
    return value;
  };

  return { text, url, local };
}

function readInvokerCheck(
  read: Read,
  faults: Fault[],
  deployed: boolean,
): GoogleConfig['invokerCheck'] {
  const invokerCheck = read('VOLLEY_INVOKER_CHECK') ?? 'signature';
  if (invokerCheck !== 'signature' && invokerCheck !== 'platform')
    faults.push({ path: 'VOLLEY_INVOKER_CHECK', message: 'must be "signature" or "platform"' });
  else if (invokerCheck === 'platform' && !deployed)
    faults.push({
      path: 'VOLLEY_INVOKER_CHECK',
      message: 'is "platform", but there is no Cloud Run here that checks callers',
    });
  return invokerCheck === 'platform' ? 'platform' : 'signature';
}
