/** Sends a file of installations, with a bar. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Imported } from '../http/import.ts';
import type { Client } from './client.ts';
import { createProgress, createRate, type Output } from './progress.ts';

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** CSV, unless its name ends like NDJSON's. Throws what the file system and the client throw. */
export async function importFile(
  client: Client,
  path: string,
  output: Output | null,
  { app, now = Date.now }: { app?: string | undefined; now?: () => number } = {},
): Promise<Imported> {
  const { size } = await stat(path);
  const progress = output && createProgress(output, megabytes, now);
  const rate = createRate(now);
  const type = /\.(ndjson|jsonl)$/i.test(path) ? 'application/x-ndjson' : 'text/csv';
  const query = app === undefined ? '' : `?app=${encodeURIComponent(app)}`;

  async function* body(): AsyncGenerator<Uint8Array> {
    let done = 0;
    for await (const chunk of createReadStream(path)) {
      yield chunk;
      done += chunk.length;
      progress?.show({ done, total: size, rate: rate(done), words: '' });
    }
  }

  try {
    return await client.upload<Imported>(`/v1/installations:import${query}`, type, body());
  } finally {
    progress?.stop();
  }
}
