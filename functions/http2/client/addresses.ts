/**
 * The addresses of a host, looked up once in a while. getaddrinfo takes a thread and a millisecond
 * each time, and a provider that closes its connections often (GOAWAY) has many of them.
 */

import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** The records of Apple and Google live for a minute or five. */
const KEPT_MS = 60_000;
/** Of origins that are talked to; a deployment has a handful. */
const MAX_KEPT = 64;

interface Kept {
  addresses: LookupAddress[];
  until: number;
}

const kept = new Map<string, Kept>();

/** For `net.connect`: all addresses, each time beginning with another one. */
export const lookupAddresses: LookupFunction = (host, options, callback) => {
  const now = performance.now();
  const known = kept.get(host);
  if (known !== undefined && known.until > now && options.all) {
    known.addresses.push(known.addresses.shift()!);
    return void process.nextTick(callback, null, known.addresses.slice());
  }
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(host, { addresses: addresses.slice(), until: now + KEPT_MS });
    if (options.all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};

/** Nobody answered there: the next connection asks again. */
export function forgetAddresses(host: string) {
  kept.delete(host);
}
