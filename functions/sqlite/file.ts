/** What goes for every SQLite file: only its owner may read it, and faults of the file are told in words. */

import { chmodSync, closeSync, openSync } from 'node:fs';
import { Unavailable } from '../lib/errors.ts';

const DAMAGED =
  'it is damaged; put a backup in its place, or move it and its -wal file away to begin with an empty one';

/** By result code: https://www.sqlite.org/rescode.html */
const causes: Record<number, string> = {
  // SQLITE_BUSY, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
  5: 'another process holds a lock on it',
  8: 'it is read-only; let this user write to it and to its folder',
  10: 'the disk does not answer',
  13: 'the disk is full',
  14: 'it cannot be opened; its folder must be there, and this user must be allowed to write to it',
  // SQLITE_CORRUPT, SQLITE_NOTADB
  11: DAMAGED,
  26: DAMAGED,
};

/** An extended code has the plain one in its low byte. 0: it is no fault of SQLite's. */
const codeOf = (error: unknown) =>
  ((error as { errcode?: number } | undefined)?.errcode ?? 0) & 0xff;

/** Carries out `work` on the file. Throws `Unavailable`, with the cause in words, where the file is at fault. */
export function onFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const cause = causes[codeOf(error)];
    if (!cause) throw error;
    throw new Unavailable(`the database ${path} cannot be used: ${cause}`, { cause: error });
  }
}

/** Whether what `onFile` threw says that another process holds a lock, */
export const isLocked = (error: unknown) => codeOf((error as Error).cause) === 5;
/** or that the content of the file is at fault. */
export const isDamaged = (error: unknown) => [11, 26].includes(codeOf((error as Error).cause));

/**
 * Makes the file, if it is not there, for its owner alone. SQLite gives its -wal and -shm files the
 * mode of the file; those that are there already, from an earlier version or an earlier umask, are
 * changed. A file system without modes stays as it is.
 *
 * A file that is there is never opened here: to close it again would drop the locks that this process
 * holds on it (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
 */
export function makePrivate(path: string) {
  // SQLite's names for databases that are no files
  if (path === '' || path === ':memory:') return;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch {
    // it is there; or it cannot be made, which SQLite tells when it opens it
  }
  for (const it of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`])
    try {
      chmodSync(it, 0o600);
    } catch {
      // not there, or another user's
    }
}
