/** Explains errors of PostgreSQL and of the connection to it. */

import { quoted } from '../../../lib/redact.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const meanings: Record<string, string> = {
  '25006': 'the query writes, and an import only reads. Give it a SELECT.',
  '0A000': 'the query writes, and an import only reads. Give it a SELECT.',
  '28P01': 'it refuses the password. Set it in the URL or in PGPASSWORD.',
  '28000': 'it refuses this user. Check the URL, and the server’s pg_hba.conf.',
  '55P03': 'a table of the query is locked. Try again later.',
  '42883': 'the query, or the order of its key, is not possible. Give --order-by another column.',
  '57P01': 'it was shut down. Run the same command again once it is back.',
  '53300': 'it has no connection left. Try again later.',
  ECONNREFUSED: 'nothing listens there. Is it running? Check host and port.',
  ENOTFOUND: 'there is no such host.',
  EAI_AGAIN: 'the host’s name could not be looked up.',
  ETIMEDOUT: 'it does not answer. Check host, port and firewall.',
  EHOSTUNREACH: 'there is no way to that host.',
};

/** Characters of the server's message, which quotes values and names. */
const MAX_QUOTED = 300;

/** An error in words. Never the message of a URL that cannot be parsed, which quotes the URL. */
export function explained(error: unknown, name: string, timeoutMs: number): string {
  const { code = '', message: whole = '' } = error as { code?: string; message?: string };
  const message = quoted(whole, MAX_QUOTED);
  const meaning = meanings[code];
  if (code === '57014' || message === 'Query read timeout')
    return `${name}: no answer within ${timeoutMs / 1000} seconds. Give its order an index, or --timeout more seconds.`;
  if (code === '42601') return `${name}: ${message}. The query must be one SELECT.`;
  if (meaning) return `${name}: ${meaning}${/^\d/.test(code) ? ` (${message})` : ''}`;
  if (/timeout expired|timeout exceeded/.test(message))
    return `${name}: it does not answer. Check host, port and firewall.`;
  if (/terminated|not queryable|closed/i.test(message) || /^(?:ECONNRESET|EPIPE|08...)$/.test(code))
    return `${name}: the connection broke. Run the same command again, and it goes on from there.`;
  return `${name}: ${message}`;
}
