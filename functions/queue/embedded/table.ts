/**
 * The tasks of the embedded queue in a SQLite file of its own.
 *
 * A row is `queued` (its `at` is when it is due), `running` (handed to a handler of a process that
 * may be dead by now), or `ended` (only its name is left; `at` is when the name is free again).
 */

import type { QueueName } from '../../model/queues.ts';
import type { Task } from '../../model/tasks.ts';
import { openDatabase } from '../../sqlite/database.ts';
import { encodeBody } from '../body.ts';
import { NAME_MS } from '../pace.ts';

const SWEEP_ROWS = 200;
const schema = `
  CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (queue, name)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS tasks_by_time ON tasks (queue, state, at);
`;

/** `made_at`: when `at` was given; in the future, the clock was ahead then. */
const migrations = ['ALTER TABLE tasks ADD COLUMN made_at INTEGER NOT NULL DEFAULT 0;'];

export interface Row {
  id: number;
  name: string;
  /** dispatches so far */
  attempts: number;
  body: string;
}

export interface TaskTable {
  /** All or nothing; never nested. */
  transaction<T>(work: () => T): T;
  /**
   * A name that is taken is passed over. Throws a RangeError on a body of more than 100 KB, and
   * `Unavailable`, having written nothing, when the file is locked or the disk full.
   */
  insert(tasks: Task[], now: number): void | Promise<void>;
  isQueued(queue: QueueName, name: string): boolean;
  /** due ones, earliest first */
  due(queue: QueueName, now: number, limit: number): Row[];
  /** hands it out: one more attempt */
  run(id: number): void;
  retry(id: number, at: number, now: number): void;
  /**
   * The clock was set back: what was queued by the wrong time keeps its distance to the right one.
   */
  setBack(now: number): void;
  end(id: number, now: number): void;
  /** puts back what a dead process had at work */
  requeueRunning(queue: QueueName, now: number): void;
  /** when the next one is due; null if none is queued */
  nextAt(queue: QueueName): number | null;
  /** forgets some of the names that are free again */
  sweep(queue: QueueName, now: number): void;
  close(): void;
}

/** Throws `Unavailable` when the file cannot be opened. */
export function openTaskTable(path: string): TaskTable {
  const { sql, transaction, together, close } = openDatabase(path, schema, migrations);

  const insert = sql(`
    INSERT INTO tasks (queue, name, state, at, attempts, body, made_at)
    VALUES (?1, ?2, 'queued', ?3, 0, ?4, ?5)
    ON CONFLICT (queue, name) DO UPDATE SET state = 'queued', at = excluded.at, attempts = 0,
      body = excluded.body, made_at = excluded.made_at
      WHERE tasks.state = 'ended' AND tasks.at <= ?5`);
  const queued = sql(`
    SELECT 1 FROM tasks WHERE queue = ? AND name = ? AND state = 'queued'`);
  const due = sql<Row>(`
    SELECT id, name, attempts, body FROM tasks
    WHERE queue = ? AND state = 'queued' AND at <= ? ORDER BY at, id LIMIT ?`);
  const run = sql(`UPDATE tasks SET state = 'running', attempts = attempts + 1 WHERE id = ?`);
  const retry = sql(`UPDATE tasks SET state = 'queued', at = ?, made_at = ? WHERE id = ?`);
  const setBack = sql(`
    UPDATE tasks SET at = ?1 + (at - made_at), made_at = ?1
    WHERE state = 'queued' AND made_at > ?1`);
  const end = sql(`UPDATE tasks SET state = 'ended', at = ?, body = '' WHERE id = ?`);
  const requeue = sql(`
    UPDATE tasks SET state = 'queued', at = ?1, made_at = ?1 WHERE queue = ?2 AND state = 'running'`);
  const next = sql<{ at: number }>(`
    SELECT at FROM tasks WHERE queue = ? AND state = 'queued' ORDER BY at LIMIT 1`);
  const sweep = sql(`
    DELETE FROM tasks WHERE id IN
      (SELECT id FROM tasks WHERE queue = ? AND state = 'ended' AND at <= ? LIMIT ${SWEEP_ROWS})`);

  return {
    transaction,
    insert(tasks, now) {
      const rows = tasks.map((task) => ({ ...task, json: encodeBody(task) }));
      if (rows.length === 0) return;
      const write = () => {
        for (const { queue, name, json, at = now } of rows)
          insert.run(queue, name, Math.ceil(at), json, Math.floor(now));
      };
      // a ping is nowhere else, and who sent it has its answer: no sweep finds one that is lost
      if (tasks.some(({ body }) => body.kind === 'ping')) return together(write, true);
      transaction(write);
    },
    isQueued: (queue, name) => queued.get(queue, name) !== undefined,
    due: (queue, now, limit) => due.all(queue, now, limit),
    run: (id) => void run.run(id),
    retry: (id, at, now) => void retry.run(Math.ceil(at), Math.floor(now), id),
    setBack: (now) => void setBack.run(Math.floor(now)),
    end: (id, now) => void end.run(Math.ceil(now + NAME_MS), id),
    requeueRunning: (queue, now) => void requeue.run(Math.floor(now), queue),
    nextAt: (queue) => next.get(queue)?.at ?? null,
    sweep: (queue, now) => void sweep.run(queue, now),
    close,
  };
}
