/** One process to a data folder: two would hand out the same tasks and break each other's leases. */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Unavailable } from '../lib/errors.ts';
import { isLocked, makePrivate, onFile } from '../sqlite/file.ts';

/**
 * How long to wait for the lock. Of two processes that ask in the same instant each may see the lock of
 * the other, which releases it immediately.
 */
const WAIT_MS = 1_000;

/**
 * Locks the folder, makes it if it is not there, and returns the unlocking. Throws `Unavailable` while
 * another process has it, and where the folder cannot be used.
 *
 * The lock is SQLite's exclusive one on a file of its own, held by a transaction that writes nothing. It
 * is a lock of the kernel: it ends with the process, however that dies, and it holds between containers
 * that share the folder. A file with a process id in it does neither: each container counts its own
 * processes, and the kernel gives the numbers of the dead to others. The file stays: to remove it would
 * give the next process a file of its own to lock beside the process that holds the old one.
 */
export function lockFolder(folder: string): () => void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { message } = error as Error;
    throw new Unavailable(
      `the data folder ${folder} cannot be made (${message}): let this user write there, or set VOLLEY_DATA`,
      { cause: error },
    );
  }
  const path = join(folder, 'lock.db');
  makePrivate(path);
  const lock = onFile(path, () => new DatabaseSync(path, { timeout: WAIT_MS }));
  try {
    // the journal is of no use, and a file less
    onFile(path, () => lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'));
  } catch (error) {
    lock.close();
    if (!isLocked(error)) throw error;
    throw new Unavailable(
      `another Volley uses the data folder ${folder}: stop it, or set VOLLEY_DATA to another folder`,
      { cause: error },
    );
  }
  // of versions that wrote their process id into it
  rmSync(join(folder, 'lock'), { force: true });
  return () => {
    if (lock.isOpen) lock.close();
  };
}
