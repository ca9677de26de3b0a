/**
 * Rows of a PostgreSQL query, through a cursor of the server: constant memory at any size.
 *
 * Not pg-cursor: it reads its portal within one statement of the protocol, so that `statement_timeout`
 * would count for the whole import; each FETCH here is a statement of its own.
 */

import pg from 'pg';
import { parseExact } from '../../../lib/exact-json.ts';
import { quoted } from '../../../lib/redact.ts';
import { Usage } from '../../campaign-request.ts';
import { type Column, type Part, type Position, type Source, SourceFailed } from './source.ts';

export interface PostgresOptions {
  query: string;
  /** the column to go on by; null: none, the import cannot be resumed. May throw `Usage`. */
  key(columns: Column[]): string | null;
  /** one statement: the first may have to sort, each later one gives some rows */
  timeoutMs?: number;
  connectTimeoutMs?: number;
}

const TIMEOUT_MS = 5 * 60 * 1000;
const CONNECT_TIMEOUT_MS = 10 * 1000;
/** The answer may be on its way when the server's own time is over. */
const GRACE_MS = 5 * 1000;
/** For a table that somebody is changing the shape of. */
const LOCK_TIMEOUT_MS = 10 * 1000;
/** Rows of a FETCH, and the bytes that they should not be more than. */
const FETCH_ROWS = 1_000;
const FIRST_FETCH_ROWS = 200;
const FETCH_BYTES = 4 * 1024 * 1024;
/** How long the server is given to say good-bye. */
const CLOSE_MS = 2_000;

/** A text is one statement then: none can hide behind the end of the query. Its types lack it. */
const EXTENDED = { queryMode: 'extended' } as object;

export const isPostgres = (source: string) => /^postgres(?:ql)?:\/\//i.test(source);

/** Without the password, and without what its parameters may hold. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'postgres://…';
  const { username, host, pathname } = new URL(url);
  return `postgres://${username && `${username}@`}${host}${pathname}`;
}

/** Throws `SourceFailed` and `Usage`. */
export async function openPostgres(url: string, options: PostgresOptions): Promise<Source> {
  const { timeoutMs = TIMEOUT_MS, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const name = withoutSecrets(url);
  const source = `(${options.query.replace(/(?<![\s;])[\s;]+$/, '')}\n) AS source`;
  const client = connection(url, timeoutMs, connectTimeoutMs);
  const failed = (error: unknown) => new SourceFailed(explained(error, name, timeoutMs));
  const ask = async (text: string): Promise<pg.QueryArrayResult<unknown[]>> => {
    try {
      return await client.query({ ...EXTENDED, text, rowMode: 'array', types });
    } catch (error) {
      throw failed(error);
    }
  };

  async function describe(): Promise<Column[]> {
    const { fields } = await ask(`SELECT * FROM ${source} LIMIT 0`);
    const ids = [...new Set(fields.map((it) => it.dataTypeID))];
    const { rows } = await ask(
      `SELECT oid::int8, CASE typtype WHEN 'e' THEN 'enum' ELSE typname END FROM pg_type
       WHERE oid = ANY (ARRAY[${ids.join(',')}]::oid[])`,
    );
    const typeOf = new Map(rows.map(([oid, type]) => [Number(oid), String(type)]));
    return fields.map((it) => ({ name: it.name, type: typeOf.get(it.dataTypeID) ?? 'unknown' }));
  }

  /** As the planner sees it: to count them would be to read them all. */
  async function estimated(): Promise<number> {
    const { rows } = await ask(`EXPLAIN (FORMAT JSON) SELECT * FROM ${source}`);
    const [[plan] = []] = rows as { Plan?: Record<string, unknown> }[][][];
    return Number(plan?.[0]?.Plan?.['Plan Rows']) || 0;
  }

  async function* read(
    key: string | null,
    after: Position | null,
    signal: AbortSignal,
  ): AsyncGenerator<Part> {
    const column = key === null ? null : client.escapeIdentifier(key);
    // of rows with one key some may be behind and some not, so all of them are read again
    const from =
      column && after?.key != null ? `${column} >= ${client.escapeLiteral(after.key)}` : null;
    let at = from ? after!.rows : 0;
    let size = FIRST_FETCH_ROWS;
    // who has stopped does not wait for a long sort
    const stop = () => socketOf(client)?.destroy();
    signal.addEventListener('abort', stop, { once: true });
    const fetch = () => ask(`FETCH FORWARD ${size} FROM volley_rows`);
    let next: ReturnType<typeof fetch> | null = null;
    try {
      await ask(
        `DECLARE volley_rows NO SCROLL CURSOR FOR SELECT * FROM ${source}
         ${from ? `WHERE ${from} OR ${column} IS NULL` : ''}
         ${column ? `ORDER BY ${column} NULLS LAST` : ''}`,
      );
      for (next = fetch(); ; ) {
        const { rows } = await next;
        next = null;
        if (rows.length === 0 || signal.aborted) return;
        size = fitting(rows);
        // one is under way while these are looked at
        next = fetch();
        next.catch(() => {});
        yield { rows: rows.map((cells) => ({ at: ++at, cells })), faults: [] };
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      await next?.catch(() => {});
    }
  }

  try {
    await client.connect().catch((error) => {
      throw failed(error);
    });
    await ask('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const [name, value] of [
      ['statement_timeout', timeoutMs],
      ['lock_timeout', LOCK_TIMEOUT_MS],
      ['idle_in_transaction_session_timeout', 0],
      ['timezone', "'UTC'"],
      ['datestyle', "'ISO'"],
    ])
      await ask(`SET LOCAL ${name} = ${value}`);
    const columns = await describe();
    const key = options.key(columns);
    const keyIndex = columns.findIndex((it) => it.name === key);
    if (key !== null && keyIndex < 0)
      throw new Usage(
        `the query has no column "${key}" to go on by; it has ${columns.map((it) => it.name).join(', ')}`,
      );
    const estimate = await estimated();
    let lastKey: string | null = null;
    return {
      name,
      unit: 'row',
      columns,
      isText: true,
      identity: `${name} ${source} ${key}`,
      read: (after, signal) => read(key, after, signal),
      async *first(limit) {
        const { rows } = await ask(`SELECT * FROM ${source} LIMIT ${limit}`);
        yield* rows.map((cells, index) => ({ at: index + 1, cells }));
      },
      positionOf({ at, cells }) {
        // nulls come last, and are all read again
        lastKey = keyIndex < 0 || cells[keyIndex] == null ? lastKey : String(cells[keyIndex]);
        return { rows: at, key: lastKey };
      },
      total: (rows) => Math.max(rows, estimate),
      close: () => end(client),
    };
  } catch (error) {
    await end(client);
    throw error;
  }
}

function connection(url: string, timeoutMs: number, connectTimeoutMs: number): pg.Client {
  if (!URL.canParse(url))
    throw new Usage('that is not a URL such as postgres://user@host:5432/database');
  const client = new pg.Client({
    connectionString: url,
    application_name: 'volley import',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: timeoutMs + GRACE_MS,
    keepAlive: true,
  });
  // it broke: whatever waits for an answer is told by its own call
  client.on('error', () => {});
  return client;
}

async function end(client: pg.Client) {
  const timer = setTimeout(() => socketOf(client)?.destroy(), CLOSE_MS);
  await client.end().catch(() => {});
  clearTimeout(timer);
}

/** What `pg` keeps to itself. */
const socketOf = (client: pg.Client) =>
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream;

/** As many rows as would have been of the right size this time. */
function fitting(rows: unknown[][]): number {
  let bytes = 1;
  for (const cells of rows) for (const cell of cells) bytes += sizeOf(cell);
  return Math.max(1, Math.min(FETCH_ROWS, Math.floor((FETCH_BYTES / bytes) * rows.length)));
}

const sizeOf = (cell: unknown) => (typeof cell === 'string' ? cell.length : 16);

const asText = (text: string) => text;
const asNumber = (text: string) => (String(Number(text)) === text ? Number(text) : text);

/** Numbers where they lose nothing by it, in JSON too; times as the server writes them. */
const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, asNumber],
  [pg.types.builtins.NUMERIC, asNumber],
  [pg.types.builtins.JSON, parseExact],
  [pg.types.builtins.JSONB, parseExact],
  [pg.types.builtins.DATE, asText],
  [pg.types.builtins.TIMESTAMP, asText],
  [pg.types.builtins.TIMESTAMPTZ, asText],
]);
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text') =>
    parsers.get(oid) ??
    pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

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

/** Of the server's message, which quotes values and names. */
const MAX_QUOTED = 300;

/** Never the message of what failed to be parsed: it may quote the URL. */
function explained(error: unknown, name: string, timeoutMs: number): string {
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
