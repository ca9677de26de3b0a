/**
 * The configuration of the local server: a pure function of the environment. Only this folder reads
 * variables. Its errors name every fault, each with what to do about it.
 */

import { readFileSync } from 'node:fs';
import type { Fault } from '../lib/errors.ts';
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

export interface Config {
  port: number;
  /** folder of the embedded engine's data */
  dataDir: string;
  /** null if none is given: the local server makes one */
  apiKey: string | null;
  /** days that failures and the recipients of chunks are kept */
  retentionDays: number;
  /** how many addresses at the end of X-Forwarded-For your own proxies wrote; 0 if there is no proxy */
  trustedHops: number;
  /** what the simulators do when there are no credentials: take every push, or refuse a share */
  simulate: 'accepting' | 'realistic';
  /** by name; has `default` only if its variables are set */
  apps: Record<string, AppCredentials>;
  /** variables named as settings are, which are none: typing errors */
  unknown: string[];
}

/** Settings of the command line, which may be set in the same shell. */
const OF_THE_CLI = ['VOLLEY_URL', 'VOLLEY_STATE'];

/** Throws a ConfigError that lists every fault. An empty variable counts as not set. */
export function readConfig(env: Env, readFile: ReadFile = readFileSync): Config {
  const faults: Fault[] = [];
  const known = new Set(OF_THE_CLI);
  const given = reader(env);
  const read = (name: string) => {
    known.add(name);
    return given(name);
  };
  const apps = readApps(read, faults, readFile);

  const port = Number(read('PORT') ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    faults.push({ path: 'PORT', message: 'must be a whole number from 0 to 65535, such as 8080' });

  const apiKey = read('VOLLEY_API_KEY') ?? null;
  if (apiKey !== null && !/^[\x21-\x7e]{32,256}$/.test(apiKey))
    faults.push({
      path: 'VOLLEY_API_KEY',
      message:
        'must be 32 to 256 printable ASCII characters without spaces; leave it out to have one made',
    });

  const simulate = readSimulate(read, faults, Object.keys(apps).length > 0);
  const retentionDays = readRetentionDays(read, faults);
  const trustedHops = readTrustedHops(read, faults, 0);
  if (faults.length > 0) throw new ConfigError(faults);
  const dataDir = read('VOLLEY_DATA') ?? '.volley';
  const unknown = Object.keys(env).filter(
    (name) => /^(APNS|FCM|VOLLEY)_/.test(name) && !known.has(name),
  );
  return { port, dataDir, apiKey, retentionDays, trustedHops, simulate, apps, unknown };
}

function readSimulate(read: Read, faults: Fault[], isReal: boolean): Config['simulate'] {
  const value = read('VOLLEY_SIMULATE');
  if (value === undefined) return 'accepting';
  const fault = (message: string) => faults.push({ path: 'VOLLEY_SIMULATE', message });
  if (value !== 'realistic') fault('must be realistic, or left out for simulators that take all');
  else if (isReal) fault('is of no use beside credentials: they send for real');
  return 'realistic';
}
