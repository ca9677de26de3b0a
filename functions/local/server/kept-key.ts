/** The local server's admin key: made at the first start, stored in the data folder for its owner. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey } from '../../http/auth/authorize.ts';
import { Unavailable } from '../../lib/errors.ts';

export interface KeptKey {
  key: string;
  path: string;
  /** true if this call made it */
  isNew: boolean;
}

/** Reads the key, or makes one. Throws `Unavailable` if the file cannot be used or holds something else. */
export function keptKey(dataDir: string): KeptKey {
  const path = join(dataDir, 'api-key');
  try {
    const kept = read(path);
    // a killed start may have left an empty file, and an empty key would admit every client
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
 * Text about the key at the start. It shows the key only once, and only on a terminal, since more people
 * read logs than the data folder. `kept` is null if the key was given.
 */
export function keyLine(kept: KeptKey | null, isTerminal: boolean): string {
  if (kept === null) return 'VOLLEY_API_KEY';
  return kept.isNew && isTerminal ? `${kept.key} (kept in ${kept.path})` : `in ${kept.path}`;
}
