/**
 * The headers of a request as a function gets them: Google's front end removes, replaces and adds some.
 * https://cloud.google.com/functions/docs/reference/headers
 * https://cloud.google.com/run/docs/trace
 */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** Headers that concern only the connection to the front end. */
const CONNECTION = ['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection'];
const TRANSFER = ['te', 'trailer', 'transfer-encoding', 'upgrade'];
const OWN = /^x-google-/;

/** 00-trace-span-flags. https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * `headers` are those after the check of callers. The client's address is appended to the caller's
 * X-Forwarded-For, so only the last address is from Google. Google sets the protocol, `Forwarded` and
 * the host. A trace of the caller is continued.
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
    // the body is re-assembled from chunks, so it needs a length or a new chunked encoding
    ...(headers['transfer-encoding'] && { 'transfer-encoding': 'chunked' }),
    host,
    forwarded: `for="${client}";proto=https`,
    'x-forwarded-for': hops.join(','),
    'x-forwarded-proto': 'https',
    traceparent: `00-${trace}-${span.toString('hex')}-01`,
    'x-cloud-trace-context': `${trace}/${span.readBigUInt64BE()};o=1`,
  };
}
