/**
 * How fast `volley import` takes a table of PostgreSQL into the embedded store, and how fast once
 * more when nothing has changed: a server, the CLI and PostgreSQL, each a process of its own.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forkOn } from '../../functions/simulators/fork.ts';
import { startPostgres } from '../postgres.ts';
import { flagsOf } from '../world/world.ts';
import { progress } from './campaign.ts';
import type { Imported, ImportJob } from './import-child.ts';

export interface ImportResult {
  rows: number;
  seconds: number;
  perSecond: number;
  /** of the process that took the most */
  peakRssMb: number;
  unchangedPerSecond: number;
}

const DEADLINE_MS = 30 * 60 * 1000;

/** As many tokens as rows, half of each provider, with all that a team knows of a device. */
const table = (rows: number) => `
  CREATE TABLE devices AS
    SELECT md5(n::text)::uuid AS id,
      CASE n % 2 WHEN 0 THEN 'ios' ELSE 'android' END AS os,
      CASE n % 2 WHEN 0 THEN encode(sha256(n::text::bytea), 'hex') ELSE
        substr(md5('a' || n), 1, 22) || ':APA91b' ||
        translate(encode(sha512(n::text::bytea) || substr(sha512(('x' || n)::bytea), 1, 36), 'base64'), E'+/=\\n', '-_') END
        AS push_token,
      (ARRAY['de', 'en', 'fr', 'it', 'pt_BR', 'es'])[1 + n % 6] AS locale,
      (ARRAY['Europe/Zurich', 'America/Sao_Paulo', 'Asia/Tokyo'])[1 + n % 3] AS tz,
      'user-' || n / 2 AS user_id, (ARRAY['4.12.0', '4.11.2', '3.9.0'])[1 + n % 3] AS app_version,
      (ARRAY['CH', 'BR', 'JP'])[1 + n % 3] AS country,
      CASE n % 4 WHEN 0 THEN ARRAY['news', 'beta'] ELSE ARRAY['news'] END AS tags,
      jsonb_build_object('plan', CASE n % 5 WHEN 0 THEN 'pro' ELSE 'free' END, 'age', n % 90)
        AS attributes,
      timestamptz '2026-11-01' - n * interval '1 second' AS last_seen
    FROM generate_series(1, ${rows}) AS n;
  CREATE UNIQUE INDEX ON devices (id);
  ANALYZE devices;`;

export async function importing({ rows }: { rows: number }): Promise<ImportResult> {
  const folder = await mkdtemp(join(tmpdir(), 'volley-bench-'));
  progress('starting PostgreSQL');
  const postgres = await startPostgres();
  const server = forkOn(
    undefined,
    new URL('../world/worker.ts', import.meta.url),
    flagsOf('start'),
  );
  try {
    await postgres.sql(table(rows));
    server.send({ kind: 'serve', dataDir: join(folder, 'data'), apps: {} });
    const { url, apiKey } = await said<{ url: string; apiKey: string }>(server);
    const run = () => importOnce({ url, apiKey, postgres: postgres.url, state: folder });
    const first = await run();
    expect(first.counts.inserted === rows, `all of them are new: ${JSON.stringify(first.counts)}`);
    const again = await run();
    expect(again.counts.unchanged === rows, 'none has changed');
    server.send({ kind: 'memory' });
    const { peakRssMb, cpuSeconds } = await said<{ peakRssMb: number; cpuSeconds: number }>(server);
    progress(
      `server: ${peakRssMb} MB, ${cpuSeconds.toFixed(1)} s of CPU; ` +
        `CLI: ${first.peakRssMb} MB, ${first.cpuSeconds.toFixed(1)} and ${again.cpuSeconds.toFixed(1)} s`,
    );
    return {
      rows,
      seconds: Math.round(first.seconds * 10) / 10,
      perSecond: Math.round(rows / first.seconds),
      peakRssMb: Math.max(peakRssMb, first.peakRssMb, again.peakRssMb),
      unchangedPerSecond: Math.round(rows / again.seconds),
    };
  } finally {
    if (server.exitCode === null) {
      server.disconnect();
      await once(server, 'exit');
    }
    await postgres.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function importOnce(job: ImportJob): Promise<Imported> {
  const child = forkOn(undefined, new URL('./import-child.ts', import.meta.url), flagsOf('volley'));
  const ended = once(child, 'exit');
  child.send(job);
  const imported = await said<Imported>(child);
  await ended;
  return imported;
}

async function said<T>(child: ChildProcess): Promise<T> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('a process ended early');
  });
  ended.catch(() => {});
  const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
  return message as T;
}

function expect(it: boolean, what: string) {
  if (!it) throw new Error(`not so: ${what}`);
}
