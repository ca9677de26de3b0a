/** Where a call comes from. */

import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Context } from 'hono';

/**
 * Who is told apart: an IPv6 subscriber has at least 64 bits of addresses for himself. Empty if that
 * is not known.
 */
export type ClientAddress = (c: Context) => string;

/** The other end of the connection; on this machine it is a proxy, or somebody who tries things. */
export const socketAddress: ClientAddress = (c) => {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
  const address = subscriber(incoming?.socket?.remoteAddress ?? '');
  return /^127\.|^0:0:0:0$/.test(address) ? '' : address;
};

/**
 * The last of X-Forwarded-For, which is what the front of Cloud Run adds; what is before it was said
 * by the caller. https://cloud.google.com/functions/docs/reference/headers
 */
export const forwardedAddress: ClientAddress = (c) =>
  subscriber(c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '');

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
