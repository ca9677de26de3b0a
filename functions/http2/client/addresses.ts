/**
 * A cache of the addresses of hosts. `getaddrinfo` takes a thread and a millisecond each time, and a
 * provider that often closes its connections (GOAWAY) causes many lookups.
 */

import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { setNewest } from '../../lib/bounded-map.ts';

/** How long a result is used. The records of Apple and Google live for one to five minutes. */
const TTL_MS = 60_000;
/** Hosts in the cache; a deployment talks to a handful. */
const MAX_HOSTS = 64;

interface Cached {
  addresses: LookupAddress[];
  until: number;
}

const cache = new Map<string, Cached>();

/** A `lookup` for `net.connect` that returns all addresses, each time beginning with another one. */
export const lookupAddresses: LookupFunction = (
  host,
  options,
  callback,
  now = performance.now(),
) => {
  const cached = cache.get(host);
  if (cached !== undefined && cached.until > now && options.all) {
    cached.addresses.push(cached.addresses.shift()!);
    return void process.nextTick(callback, null, cached.addresses.slice());
  }
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    setNewest(cache, host, { addresses: addresses.slice(), until: now + TTL_MS }, MAX_HOSTS);
    if (options.all) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};

/** Forgets the addresses of a host that could not be reached: the next connection looks it up again. */
export function forgetAddresses(host: string) {
  cache.delete(host);
}
