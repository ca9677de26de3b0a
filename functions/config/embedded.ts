/**
 * The configuration: a pure function of the environment. Only this folder reads
 * it, and they name every fault at once, each with what to do about it.
 */

import { readFileSync } from 'node:fs';
import type { Fault } from '../lib/errors.ts';
import { readApps } from '../providers/credentials.ts';
import type { AppCredentials } from '../providers/registry.ts';
import type { ReadFile } from '../providers/shared/credential-reader.ts';

export interface Config {
  port: number;
  /** the embedded engine's data */
  dataDir: string;
  /** null: none was given, the local server makes one */
  apiKey: string | null;
  /** how long failures and the recipients of chunks are kept */
  retentionDays: number;
  /** addresses at the end of X-Forwarded-For that proxies of one's own wrote; 0: none */
  trustedHops: number;
  /** by name; `default` is there only when its variables are */
  apps: Record<string, AppCredentials>;
}

export class ConfigError extends Error {
  readonly faults: Fault[];
  constructor(faults: Fault[]) {
    const list = faults.map(({ path, message }) => `  ${path}: ${message}`).join('\n');
    super(`The configuration has ${faults.length === 1 ? 'a fault' : 'faults'}:\n${list}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

export type Env = Record<string, string | undefined>;

/** Throws a ConfigError that lists everything that is wrong. An empty variable is one not set. */
export function readConfig(env: Env, readFile: ReadFile = readFileSync): Config {
  const faults: Fault[] = [];
  const read = reader(env);
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

  const retentionDays = readRetentionDays(read, faults);
  const trustedHops = readTrustedHops(read, faults, 0);
  if (faults.length > 0) throw new ConfigError(faults);
  const dataDir = read('VOLLEY_DATA') ?? '.volley';
  return { port, dataDir, apiKey, retentionDays, trustedHops, apps };
}

/** How long both engines keep what they know of recipients. */
export function readRetentionDays(read: Read, faults: Fault[]): number {
  const days = Number(read('VOLLEY_RETENTION_DAYS') ?? 30);
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    faults.push({
      path: 'VOLLEY_RETENTION_DAYS',
      message: 'must be a whole number of days from 1 to 3650, such as 30',
    });
  return days;
}

const MAX_HOPS = 10;

/** `least`: addresses that the platform's own front writes, which is the default as well. */
export function readTrustedHops(read: Read, faults: Fault[], least: 0 | 1): number {
  const hops = Number(read('VOLLEY_TRUSTED_HOPS') ?? least);
  if (!Number.isInteger(hops) || hops < least || hops > MAX_HOPS)
    faults.push({
      path: 'VOLLEY_TRUSTED_HOPS',
      message:
        `must be a whole number from ${least} to ${MAX_HOPS}: how many of the last addresses in ` +
        'X-Forwarded-For are written by proxies that you trust',
    });
  return hops;
}

export const reader = (env: Env) => (name: string) => env[name]?.trim() || undefined;
type Read = ReturnType<typeof reader>;
