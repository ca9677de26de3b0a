/** Saves the position of an import, so that the same command resumes there. */

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
  /** rows of another system that are no devices, by what they are */
  skipped: Record<string, number>;
}

export const noCounts = (): Counts => ({
  read: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  superseded: 0,
  tokensMoved: 0,
  rejected: 0,
  warned: 0,
  skipped: {},
});

interface State {
  /** the API marks the installations of this import with it */
  run: string;
  position: Position | null;
  counts: Counts;
  /** all rows are sent; only the prune is left */
  complete: boolean;
}

const fresh = (): State => ({
  run: randomBytes(12).toString('hex'),
  position: null,
  counts: noCounts(),
  complete: false,
});

/** The oldest state to resume from; later changes could not be told from the import's own. */
const TOO_OLD_MS = 24 * 60 * 60 * 1000;

export interface StateFile {
  state: State;
  /** true if an earlier import is resumed */
  resumed: boolean;
  save(): void;
  remove(): void;
}

/**
 * Opens the state file of an import. `parts` identify the import (the API, the source, the query, the
 * mapping); only a hash of them is stored, since they have secrets.
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
    // an earlier version may have had fewer counts
    const counts = { ...noCounts(), ...state.counts };
    return now - savedAt < TOO_OLD_MS ? { ...state, counts } : null;
  } catch {
    // missing or broken: beginning again loses nothing
    return null;
  }
}
