/** A SQLite file with one connection, statements prepared once, and transactions. The store and the queue use it. */

import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementSync,
} from 'node:sqlite';
import { Unavailable } from '../lib/errors.ts';
import { isDamaged, makePrivate, onFile } from './file.ts';
import { createGroup } from './group.ts';
import { createLogSync } from './log-sync.ts';

type Row = Record<string, SQLOutputValue>;

/** `R` is the row that the statement gives. */
interface Statement<R = Row> {
  get(...values: SQLInputValue[]): R | undefined;
  all(...values: SQLInputValue[]): R[];
  /** All rows as lists of their values, for large reads: SQLite's objects are slow dictionaries to V8. */
  lists(...values: SQLInputValue[]): SQLOutputValue[][];
  run(...values: SQLInputValue[]): { changes: number | bigint };
}

export interface Database {
  /**
   * Prepares a text once. `R` types the rows that it selects; SQLite does not check it, so it stands
   * beside the text. Throws `Unavailable` as a transaction does.
   */
  sql<R = Row>(text: string): Statement<R>;
  /**
   * Commits all that `work` writes, or nothing. `work` is synchronous, so no other task sees its
   * middle. Inside another transaction it becomes a part of that one.
   */
  transaction<T>(work: () => T): T;
  /** A transaction that is on the disk when this returns, with everything committed before it. */
  durably<T>(work: () => T): T;
  /**
   * Puts `work` in one transaction with other calls of about the same time. Resolves once that is
   * committed; with `durable`, once it is on the disk. If one `work` throws, each gets a transaction of
   * its own, so `work` may be called twice.
   */
  together<T>(work: () => T, durable?: boolean): Promise<T>;
  /**
   * Throws `Unavailable` if the file cannot be read now, or was found to be damaged since it was opened.
   * It reads one page, not all of them.
   */
  check(): void;
  /** Closes the file. A second call does nothing. */
  close(): void;
}

/** Longest wait of a statement for another process's lock, in ms. It blocks this process, so it is short. */
const BUSY_TIMEOUT_MS = 1_000;

/** Prepared statements kept. Each form of audience has a text of its own, so they need a bound. */
const MAX_STATEMENTS = 500;

export type Migration = string | ((db: DatabaseSync) => void);

/**
 * Opens a file, or makes it. Runs `schema` each time, then those `migrations` that the file has not
 * had: the list only grows at its end. Throws `Unavailable` if the file cannot be used, or if a newer
 * version of Volley has changed it.
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
    // whatever a caller was promised is written `durably`. The rest (a chunk's outcomes, a task) is
    // done again when it is missing. Waiting for the disk at each commit would halve the number of
    // small campaigns a second.
    try {
      it.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
      migrate(it, path, migrations);
    } catch (error) {
      it.close();
      throw error;
    }
    return it;
  });
  const statements = new Map<string, Statement<unknown>>();
  const prepare = (text: string): Statement => {
    const statement = guard(() => db.prepare(text));
    return {
      get: (...values) => guard(() => statement.get(...values)),
      all: (...values) => guard(() => statement.all(...values)),
      lists: (...values) => guard(() => listsOf(statement, values)),
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
    sql<R>(text: string) {
      let statement = statements.get(text);
      if (!statement) {
        if (statements.size === MAX_STATEMENTS) statements.clear();
        statement = prepare(text);
        statements.set(text, statement);
      }
      return statement as Statement<R>;
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

function listsOf(statement: StatementSync, values: SQLInputValue[]): SQLOutputValue[][] {
  statement.setReturnArrays(true);
  try {
    return statement.all(...values) as unknown as SQLOutputValue[][];
  } finally {
    statement.setReturnArrays(false);
  }
}

/** `user_version` of the file counts the migrations it has had. All that are missing are done, or none. */
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
