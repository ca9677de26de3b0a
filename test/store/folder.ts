/** SQLite stores in a folder of their own, and the connections under them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { createSqliteStore, type SqliteStore } from '../../functions/store/sqlite.ts';
import { NOW } from '../contracts/store-fixture.ts';

export function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'volley-store-'));
  // hooks run in the order they were given: a process that uses it may not have ended
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

/** A store, and the connection it stands on: to fill its disk, or to take away its patience. */
export function openStore(t: TestContext, path: string) {
  const opened: DatabaseSync[] = [];
  const exec = DatabaseSync.prototype.exec;
  const spy = t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql) {
    opened.push(this);
    return exec.call(this, sql);
  } as typeof exec);
  const store: SqliteStore = createSqliteStore({ path, now: () => NOW });
  spy.mock.restore();
  const connection = opened[0]!;
  // before the folder goes: hooks run in the order they were given, so this closes the last one
  t.after(() => {
    if (connection.isOpen) connection.close();
  });
  return { store, connection };
}
