/** Where an import was left, so that the same command goes on from there. */

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Position } from './source.ts';

export interface Counts {
  read: number;
  inserted: number;
  updated: number;
  unchanged: number;
  superseded: number;
  tokensMoved: number;
  rejected: number;
  warned: number;
}

export const noCounts = (): Counts => ({
  ...{ read: 0, inserted: 0, updated: 0, unchanged: 0, superseded: 0, tokensMoved: 0 },
  ...{ rejected: 0, warned: 0 },
});

export interface State {
  /** of the API: what this import has seen is marked with it */
  run: string;
  position: Position | null;
  counts: Counts;
  /** all of it was read; what is left is to prune */
  complete: boolean;
}

const fresh = (): State => ({
  run: randomBytes(12).toString('hex'),
  position: null,
  counts: noCounts(),
  complete: false,
});

/** Anything older may not be told from what has been written since. */
const TOO_OLD_MS = 24 * 60 * 60 * 1000;

export interface StateFile {
  state: State;
  /** it goes on where an earlier one was left */
  resumed: boolean;
  save(): void;
  remove(): void;
}

/**
 * One file for each import: `parts` are all that makes it this one and no other (the API, the
 * source, the query, the mapping). Only a hash of them is kept, nothing secret is.
 */
export function openState(
  parts: unknown[],
  { restart = false, folder = join(homedir(), '.volley', 'imports'), now = Date.now } = {},
): StateFile {
  const name = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  const path = join(folder, `${name}.json`);
  const kept = restart ? null : read(path, now());
  const state = kept ?? fresh();
  return {
    state,
    resumed: kept !== null,
    save() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const next = `${path}.${process.pid}`;
      writeFileSync(next, JSON.stringify({ ...state, savedAt: now() }), { mode: 0o600 });
      renameSync(next, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}

function read(path: string, now: number): State | null {
  try {
    const { savedAt, ...state } = JSON.parse(readFileSync(path, 'utf8'));
    // an earlier version may have counted less
    const counts = { ...noCounts(), ...state.counts };
    return now - savedAt < TOO_OLD_MS ? { ...state, counts } : null;
  } catch {
    // none, or a broken one: to begin anew loses nothing
    return null;
  }
}
