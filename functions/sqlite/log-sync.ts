/**
 * What was committed is on the disk once the write-ahead log is. SQLite's own way (`synchronous =
 * FULL`) is this same call after each commit, but it keeps the event loop waiting.
 *
 * With `synchronous = NORMAL` a commit writes to the log and waits for nothing. A checkpoint may come
 * between the commit and this: it waits for the log, then for the database, before the log is begun
 * anew (https://www.sqlite.org/wal.html), so then it is on the disk already. The log lives as long as
 * a connection, and no process locks it: to close it drops no lock of SQLite's.
 */

import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { Unavailable } from '../lib/errors.ts';

const datasync = promisify(fdatasync);

export function createLogSync(db: DatabaseSync, path: string) {
  // in memory there is none
  const isLogged = db.prepare('PRAGMA journal_mode').get()!.journal_mode === 'wal';
  let file: number | undefined;
  let underWay = 0;
  let closed = false;

  const fault = (cause: unknown) =>
    new Unavailable(`the database ${path} cannot be used: the disk does not answer`, { cause });
  const close = () => {
    if (closed && underWay === 0 && file !== undefined) closeSync(file);
  };

  return {
    /** Throws `Unavailable` where it is not known to be on the disk: it may be, and is there to read. */
    now() {
      if (!isLogged) return;
      try {
        file ??= openSync(`${path}-wal`, 'r+');
        fdatasyncSync(file);
      } catch (error) {
        throw fault(error);
      }
    },

    async soon() {
      if (!isLogged) return;
      underWay++;
      try {
        file ??= openSync(`${path}-wal`, 'r+');
        await datasync(file);
      } catch (error) {
        throw fault(error);
      } finally {
        underWay--;
        close();
      }
    },

    /** After the database. */
    close() {
      closed = true;
      close();
    },
  };
}
