/** The network address that a call comes from. */

import type { IncomingMessage } from 'node:http';
import { isIP, isIPv6 } from 'node:net';
import type { Context } from 'hono';

/**
 * The address that tells clients apart: an IPv6 subscriber has at least 64 bits of addresses, so
 * those count as one. Empty if it is not known.
 */
export type ClientAddress = (c: Context) => string;

/** The client's address behind so many proxies (VOLLEY_TRUSTED_HOPS); 0: the connection's own. */
export const clientAddressBehind = (trustedHops: number): ClientAddress =>
  trustedHops === 0 ? socketAddress : forwardedAddress(trustedHops);

/** The other end of the connection. Empty if that is this machine: a proxy, or a developer. */
export const socketAddress: ClientAddress = (c) => {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
  const address = subscriber(incoming?.socket?.remoteAddress ?? '');
  return /^127\.|^0:0:0:0$/.test(address) ? '' : address;
};

/**
 * Each proxy appends to X-Forwarded-For, so the last `trustedHops` addresses are those that trusted
 * proxies wrote, and the first of these is the client's. What stands before it was written by the
 * caller. The front of Cloud Run appends one (https://cloud.google.com/functions/docs/reference/headers);
 * Google's load balancer appends two, the client's and its own
 * (https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header).
 *
 * DANGER: a caller who avoids one of the proxies writes one of these addresses. Firebase Hosting can be
 * avoided, so its hop is never counted: all callers that come through it have its address.
 */
export const forwardedAddress =
  (trustedHops: number): ClientAddress =>
  (c) => {
    const all = c.req.header('x-forwarded-for')?.split(',') ?? [];
    // fewer than expected: not all proxies were passed
    const address = withoutPort((all.at(-trustedHops) ?? all[0] ?? '').trim());
    return isIP(address) ? subscriber(address) : '';
  };

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
const withoutPort = (it: string) =>
  it
    .match(/^\[([^\]]*)\]|^([\d.]+):\d+$/)
    ?.slice(1)
    .join('') ?? it;

const subscriber = (address: string) => (isIPv6(address) ? prefix(address) : address);

function prefix(address: string): string {
  const embedded = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (embedded) return embedded;
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const groups = head.split(':').filter(Boolean);
  const behind = tail.split(':').filter(Boolean);
  while (groups.length + behind.length < 8) groups.push('0');
  return [...groups, ...behind].slice(0, 4).join(':');
}
