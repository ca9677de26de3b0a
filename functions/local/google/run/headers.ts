/**
 * The headers of a request as they reach a function: what Google's front takes away, replaces and adds.
 * https://cloud.google.com/functions/docs/reference/headers
 * https://cloud.google.com/run/docs/trace
 */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** They concern the connection to the front alone. */
const CONNECTION = ['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection'];
const TRANSFER = ['te', 'trailer', 'transfer-encoding', 'upgrade'];
const OWN = /^x-google-/;

/** 00-trace-span-flags. https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * `headers` as they were admitted. The address of the client is appended to what the caller wrote in
 * X-Forwarded-For, so only the last one is Google's word; the protocol, `Forwarded` and the host are
 * Google's altogether. A trace that a caller began goes on.
 */
export function platformHeaders(
  request: IncomingMessage,
  headers: OutgoingHttpHeaders,
  host: string,
): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(
    ([name]) => !CONNECTION.includes(name) && !TRANSFER.includes(name) && !OWN.test(name),
  );
  const client = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const hops = [...(request.headersDistinct['x-forwarded-for'] ?? []), client];
  const begun = TRACEPARENT.exec(String(request.headers.traceparent ?? ''))?.[1];
  const trace = begun ?? randomBytes(16).toString('hex');
  const span = randomBytes(8);
  return {
    ...Object.fromEntries(kept),
    // chunks are put together again, and need a length or a new way to be told apart
    ...(headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' }),
    host,
    forwarded: `for="${client}";proto=https`,
    'x-forwarded-for': hops.join(','),
    'x-forwarded-proto': 'https',
    traceparent: `00-${trace}-${span.toString('hex')}-01`,
    'x-cloud-trace-context': `${trace}/${span.readBigUInt64BE()};o=1`,
  };
}
