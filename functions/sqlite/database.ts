/** A SQLite file: one connection, statements prepared once, transactions. For the store and the queue. */

import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { Unavailable } from '../lib/errors.ts';
import { isDamaged, makePrivate, onFile } from './file.ts';
import { createGroup } from './group.ts';
import { createLogSync } from './log-sync.ts';

type Row = Record<string, SQLOutputValue>;

export interface Statement {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  run(...values: SQLInputValue[]): { changes: number | bigint };
}

export interface Database {
  /** Prepared once for each text. Throws `Unavailable` as a transaction does. */
  sql(text: string): Statement;
  /**
   * All of it or nothing. `work` is synchronous, so no other task sees its middle. Within another one
   * it is a part of that.
   */
  transaction<T>(work: () => T): T;
  /** A transaction that is on the disk when it returns, with all that came before it. */
  durably<T>(work: () => T): T;
  /**
   * In one transaction with all else that is asked for so at about the same time; resolves once it is
   * committed, and `durable` once it is on the disk. One that throws takes nothing with it: then each
   * gets a transaction of its own, so `work` may be called twice.
   */
  together<T>(work: () => T, durable?: boolean): Promise<T>;
  /**
   * Throws `Unavailable` where the file would not serve now: it was found to be damaged since it was
   * opened, or cannot be read. It reads a page, not all of them.
   */
  check(): void;
  /** once is enough */
  close(): void;
}

/** How long a statement waits for another process's lock. It blocks this one, so it is short. */
const BUSY_TIMEOUT_MS = 1_000;

/** Audiences make texts of their own, so what is kept is bounded. */
const MAX_STATEMENTS = 500;

export type Migration = string | ((db: DatabaseSync) => void);

/**
 * `schema` is run at every opening, then each of `migrations` that the file has not had yet: they
 * are only ever added to. Throws `Unavailable` when the file cannot be used.
 */
export function openDatabase(
  path: string,
  schema: string,
  migrations: readonly Migration[] = [],
): Database {
  let damage: unknown = null;
  const guard = <T>(work: () => T): T => {
    try {
      return onFile(path, work);
    } catch (error) {
      if (isDamaged(error)) damage = error;
      throw error;
    }
  };
  makePrivate(path);
  const db = guard(() => {
    const it = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    // A killed process loses nothing that was committed. A power cut may lose the last moments, so
    // what is acknowledged to somebody is written `durably`; of the rest (a chunk's outcomes, a
    // task) each part is done again when it is missing, and waiting for the disk at each commit
    // halves the small campaigns that can be run in a second.
    try {
      it.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
      migrate(it, path, migrations);
    } catch (error) {
      it.close();
      throw error;
    }
    return it;
  });
  const statements = new Map<string, Statement>();
  const prepare = (text: string): Statement => {
    const statement = guard(() => db.prepare(text));
    return {
      get: (...values) => guard(() => statement.get(...values)),
      all: (...values) => guard(() => statement.all(...values)),
      run: (...values) => guard(() => statement.run(...values)),
    };
  };
  const transaction = <T>(work: () => T): T =>
    guard(() => {
      if (db.isTransaction) return work();
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        // on a full disk SQLite may have rolled back by itself
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    });
  const sync = createLogSync(db, path);
  const group = createGroup(transaction, sync);
  return {
    sql(text) {
      let statement = statements.get(text);
      if (!statement) {
        if (statements.size === MAX_STATEMENTS) statements.clear();
        statement = prepare(text);
        statements.set(text, statement);
      }
      return statement;
    },
    transaction,
    durably(work) {
      if (db.isTransaction) return work();
      const result = transaction(work);
      sync.now();
      return result;
    },
    together: group.together,
    check() {
      if (damage) throw damage;
      guard(() => db.exec('SELECT count(*) FROM sqlite_schema'));
    },
    close() {
      if (!db.isOpen) return;
      group.end();
      db.close();
      sync.close();
    },
  };
}

/** The file says how many it has had. All are done or none. */
function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[]) {
  const had = db.prepare('PRAGMA user_version').get()!.user_version as number;
  if (had > migrations.length)
    throw new Unavailable(
      `the database ${path} cannot be used: a newer Volley has changed it; start that one`,
    );
  if (had === migrations.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const it of migrations.slice(had)) typeof it === 'string' ? db.exec(it) : it(db);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
