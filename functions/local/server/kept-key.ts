/** The admin key of the local server: made at the first start, kept in the data folder for its owner. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey } from '../../http/auth/authorize.ts';
import { Unavailable } from '../../lib/errors.ts';

export interface KeptKey {
  key: string;
  path: string;
  /** made by this call */
  isNew: boolean;
}

/** Throws `Unavailable` where the file cannot be read, or written, or holds something else. */
export function keptKey(dataDir: string): KeptKey {
  const path = join(dataDir, 'api-key');
  try {
    const kept = read(path);
    // a start that was killed may have left an empty file: an empty key would let everybody in
    if (kept === '') {
      const key = makeKey();
      writeFileSync(path, `${key}\n`, { mode: 0o600 });
      return { key, path, isNew: true };
    }
    if (/^[\x21-\x7e]{32,256}$/.test(kept)) return { key: kept, path, isNew: false };
  } catch (error) {
    const { message } = error as Error;
    throw new Unavailable(
      `the API key cannot be kept in ${path} (${message}): let this user read and write it, or set VOLLEY_API_KEY`,
      { cause: error },
    );
  }
  throw new Unavailable(`${path} holds no API key: delete it, and the next start makes one`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return '';
  }
}

/**
 * What the start says of the key: itself only once, and only to a terminal. Journals and log files are
 * read by more people than the data folder is. `kept` null: it was given.
 */
export function keyLine(kept: KeptKey | null, isTerminal: boolean): string {
  if (kept === null) return 'VOLLEY_API_KEY';
  return kept.isNew && isTerminal ? `${kept.key} (kept in ${kept.path})` : `in ${kept.path}`;
}
