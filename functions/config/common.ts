/** What the configurations of both engines share: how variables are read, and the error that lists all faults. */

import type { Fault } from '../lib/errors.ts';

/** Lists every fault, each with the variable's name and what to do. */
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

/** How many days both engines keep failures and the recipients of chunks. */
export function readRetentionDays(read: Read, faults: Fault[]): number {
  const days = Number(read('VOLLEY_RETENTION_DAYS') ?? 30);
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    faults.push({
      path: 'VOLLEY_RETENTION_DAYS',
      message: 'must be a whole number of days from 1 to 3650, such as 30',
    });
  return days;
}

/** More trusted proxies in a row than any setup has: a larger number is a typing error. */
const MAX_HOPS = 10;

/** `least`: how many addresses the platform's own front end writes; this is also the default. */
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

/** Reads a variable without the blanks around it; undefined if it is empty or not set. */
export const reader = (env: Env) => (name: string) => env[name]?.trim() || undefined;
export type Read = ReturnType<typeof reader>;
