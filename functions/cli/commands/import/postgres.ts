/**
 * Reads the rows of a PostgreSQL query through a cursor of the server, in constant memory.
 *
 * The library pg-cursor is not used: it reads its portal within one statement of the protocol, so that
 * `statement_timeout` would limit the whole import. Each FETCH here is a statement of its own.
 */

import pg from 'pg';
import { parseExact } from '../../../lib/exact-json.ts';
import { Usage } from '../../usage.ts';
import { explained } from './postgres-errors.ts';
import { type Column, type Part, type Position, type Source, SourceFailed } from './source.ts';

interface PostgresOptions {
  query: string;
  /** the column to resume by; null: the import cannot be resumed. May throw `Usage`. */
  key(columns: Column[]): string | null;
  /** deadline of one statement: the first may have to sort, each later one gives some rows */
  timeoutMs?: number;
  connectTimeoutMs?: number;
}

const TIMEOUT_MS = 5 * 60 * 1000;
const CONNECT_TIMEOUT_MS = 10 * 1000;
/** How much longer the client waits than the server: an answer may be on its way. */
const GRACE_MS = 5 * 1000;
/** How long to wait for a table whose schema is being changed. */
const LOCK_TIMEOUT_MS = 10 * 1000;
/** Rows of a FETCH: at most, of the first one; and bytes that they should not exceed. */
const FETCH_ROWS = 1_000;
const FIRST_FETCH_ROWS = 200;
const FETCH_BYTES = 4 * 1024 * 1024;
/** How long the server may take to close the connection. */
const CLOSE_MS = 2_000;

/** Allows one statement in a text, so that none can follow the query. The types of `pg` lack it. */
const EXTENDED = { queryMode: 'extended' } as object;

export const isPostgres = (source: string) => /^postgres(?:ql)?:\/\//i.test(source);

/** The URL without its password and its parameters. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'postgres://…';
  const { username, host, pathname } = new URL(url);
  return `postgres://${username && `${username}@`}${host}${pathname}`;
}

/** Throws `SourceFailed` and `Usage`. The connection is open until `close`. */
export async function openPostgres(url: string, options: PostgresOptions): Promise<Source> {
  const { timeoutMs = TIMEOUT_MS, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const name = withoutSecrets(url);
  const rows = `(${options.query.replace(/(?<![\s;])[\s;]+$/, '')}\n) AS source`;
  const client = connection(url, timeoutMs, connectTimeoutMs);
  const failed = (error: unknown) => new SourceFailed(explained(error, name, timeoutMs));
  const ask: Ask = (text) =>
    client.query({ ...EXTENDED, text, rowMode: 'array', types }).catch((error: unknown) => {
      throw failed(error);
    });
  const query = { client, rows, ask };
  try {
    await client.connect().catch((error) => {
      throw failed(error);
    });
    await begin(ask, timeoutMs);
    const columns = await columnsOf(query);
    const key = options.key(columns);
    const keyIndex = columns.findIndex((it) => it.name === key);
    if (key !== null && keyIndex < 0)
      throw new Usage(
        `the query has no column "${key}" to go on by; it has ${columns.map((it) => it.name).join(', ')}`,
      );
    const estimate = await estimatedRows(query);
    let lastKey: string | null = null;
    return {
      name,
      unit: 'row',
      columns,
      isText: true,
      identity: `${name} ${rows} ${key}`,
      read: (after, signal) => readRows(query, { key, after, signal }),
      async *first(limit) {
        const found = await ask(`SELECT * FROM ${rows} LIMIT ${limit}`);
        yield* found.rows.map((cells, index) => ({ at: index + 1, cells }));
      },
      positionOf({ at, cells }) {
        // nulls come last, and are all read again
        lastKey = keyIndex < 0 || cells[keyIndex] == null ? lastKey : String(cells[keyIndex]);
        return { rows: at, key: lastKey };
      },
      total: (read) => Math.max(read, estimate),
      close: () => end(client),
    };
  } catch (error) {
    await end(client);
    throw error;
  }
}

type Ask = (text: string) => Promise<pg.QueryArrayResult<unknown[]>>;

interface Query {
  client: pg.Client;
  /** the query as a part of a FROM clause */
  rows: string;
  /** runs one statement; throws `SourceFailed` */
  ask: Ask;
}

/** Begins a transaction that sees one state of the database and cannot write. */
async function begin(ask: Ask, timeoutMs: number) {
  await ask('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  for (const [name, value] of [
    ['statement_timeout', timeoutMs],
    ['lock_timeout', LOCK_TIMEOUT_MS],
    ['idle_in_transaction_session_timeout', 0],
    ['timezone', "'UTC'"],
    ['datestyle', "'ISO'"],
  ])
    await ask(`SET LOCAL ${name} = ${value}`);
}

async function columnsOf({ ask, rows }: Query): Promise<Column[]> {
  const { fields } = await ask(`SELECT * FROM ${rows} LIMIT 0`);
  const ids = [...new Set(fields.map((it) => it.dataTypeID))];
  const found = await ask(
    `SELECT oid::int8, CASE typtype WHEN 'e' THEN 'enum' ELSE typname END FROM pg_type
     WHERE oid = ANY (ARRAY[${ids.join(',')}]::oid[])`,
  );
  const typeOf = new Map(found.rows.map(([oid, type]) => [Number(oid), String(type)]));
  return fields.map((it) => ({ name: it.name, type: typeOf.get(it.dataTypeID) ?? 'unknown' }));
}

/** The planner's estimate, because counting the rows would read all of them. */
async function estimatedRows({ ask, rows }: Query): Promise<number> {
  const found = await ask(`EXPLAIN (FORMAT JSON) SELECT * FROM ${rows}`);
  const [[plan] = []] = found.rows as { Plan?: Record<string, unknown> }[][][];
  return Number(plan?.[0]?.Plan?.['Plan Rows']) || 0;
}

/** Reads through a cursor, from the rows with the key of `after` on. */
async function* readRows(
  { client, ask, rows: source }: Query,
  { key, after, signal }: { key: string | null; after: Position | null; signal: AbortSignal },
): AsyncGenerator<Part> {
  const column = key === null ? null : client.escapeIdentifier(key);
  // some rows with the same key may be done and others not, so all of them are read again
  const from =
    column && after?.key != null ? `${column} >= ${client.escapeLiteral(after.key)}` : null;
  let at = from ? after!.rows : 0;
  let size = FIRST_FETCH_ROWS;
  // an import that was stopped does not wait for a long sort
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
      // the next rows are fetched while these are used
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
  // the connection broke: calls that wait for an answer fail by themselves
  client.on('error', () => {});
  return client;
}

async function end(client: pg.Client) {
  const timer = setTimeout(() => socketOf(client)?.destroy(), CLOSE_MS);
  await client.end().catch(() => {});
  clearTimeout(timer);
}

/** The socket, which `pg` does not expose. */
const socketOf = (client: pg.Client) =>
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream;

/** How many rows like these fit into `FETCH_BYTES`. */
function fitting(rows: unknown[][]): number {
  let bytes = 1;
  for (const cells of rows) for (const cell of cells) bytes += sizeOf(cell);
  return Math.max(1, Math.min(FETCH_ROWS, Math.floor((FETCH_BYTES / bytes) * rows.length)));
}

const sizeOf = (cell: unknown) => (typeof cell === 'string' ? cell.length : 16);

const asText = (text: string) => text;
const asNumber = (text: string) => (String(Number(text)) === text ? Number(text) : text);

/** Numbers become numbers if no digit is lost, in JSON too; times stay as the server writes them. */
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
