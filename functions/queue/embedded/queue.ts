/**
 * The queue on one machine. It behaves like Cloud Tasks: it delivers at least once, in any order, at a
 * bounded rate, again after a pause that doubles, and it keeps its tasks on disk.
 *
 * One timer sleeps until the next task is due; `create` and every answer wake the pump. A pump is one
 * transaction that stores the answers that came in and takes the tasks that are due.
 *
 * As with Cloud Tasks, a handler must expect its task a second time, and beside itself. There is no
 * dead-letter queue: a task that fails at its last attempt is gone, and only a sweep of the store finds
 * its work.
 */

import { type QueueName, queueNames, type TaskBody } from '../../model/tasks.ts';
import type { Log, Queue, TaskHandler } from '../../ports/ports.ts';
import type { QueueLimits } from '../pace.ts';
import { type Answered, createQueueWorker, shuffled, type Work } from '../worker.ts';
import { openTaskTable, type Row, type TaskTable } from './table.ts';
import { createAlarm, createWatchers, MAX_SLEEP_MS } from './wakeups.ts';

export type { QueueLimits } from '../pace.ts';

/** Pause after the disk refused a write, in ms: it was full, or locked. */
const DISK_RETRY_MS = 1000;
/** Longest wait of `stop` for handlers, in ms. Cloud Run gives an instance as long after SIGTERM. */
const STOP_DEADLINE_MS = 10 * 1000;
/** Longest wait of `idle`, in ms. */
const IDLE_DEADLINE_MS = 60 * 1000;

export interface EmbeddedQueue extends Queue {
  /** Begins to deliver. Tasks that an earlier process had taken are delivered again. */
  start(handler: TaskHandler): void;
  /** Fires the signals of running handlers, waits for them (10 s at most), and hands out no more. */
  stop(): Promise<void>;
  /** Resolves when nothing is queued (later times included) or running; rejects after 60 s. */
  idle(): Promise<void>;
  /** Closes the file without waiting; the next process delivers again what was running. */
  close(): void;
}

export interface EmbeddedQueueOptions {
  /** path of a SQLite file that nothing else uses */
  path: string;
  limits: Record<QueueName, QueueLimits>;
  log: Pick<Log, 'taskFailed' | 'unexpected'>;
  now?: () => number;
  random?: () => number;
  /** Does often what Cloud Tasks does rarely, for tests and demonstrations. */
  unkind?: {
    /** chance that a task is delivered a second time, beside the first delivery or after it */
    duplicate?: number;
    /** hands out due tasks in random order */
    disorder?: boolean;
  };
}

export function createEmbeddedQueue({
  path,
  limits,
  log,
  now = () => Date.now(),
  random = Math.random,
  unkind: { duplicate = 0, disorder = false } = {},
}: EmbeddedQueueOptions): EmbeddedQueue {
  const table = openTaskTable(path);
  /** answers to store; bounded, since no task is handed out before they are stored */
  let answers: Answered<Row>[] = [];
  const onAnswer = (answered: Answered<Row> | null) => {
    if (answered) answers.push(answered);
    wake();
  };
  const take = taker(table, { limits, disorder, random });
  const chances = { now, random, duplicate: () => duplicate, log, onAnswer };
  const workers = queueNames.map((queue) => ({
    queue,
    worker: createQueueWorker<Row>(limits[queue], chances),
  }));
  let handler: TaskHandler | null = null;
  let stopping = false;
  let closed = false;
  /** tasks of a dead process have been put back */
  let recovered = false;
  let sweptAt = Number.NEGATIVE_INFINITY;
  /**
   * the last time that was stored; infinite at first, since the last process may have stored a
   * later one
   */
  let usedAt = Number.POSITIVE_INFINITY;
  const { wake, sleep, rest, cancel, end } = createAlarm(pump);
  const watchers = createWatchers();

  /** Never throws: if the disk refuses, the answers are kept and the pump runs again later. */
  function pump() {
    const time = now();
    try {
      const picked = table.transaction(() => {
        if (time < usedAt) table.setBack(time);
        for (const { job, retryAt } of answers) {
          if (retryAt === null) table.end(job.id, time);
          else table.retry(job.id, retryAt, time);
        }
        return handler ? pick(time) : [];
      });
      answers = [];
      usedAt = time;
      for (const { worker, duplicates, rows } of picked)
        if (handler) worker.dispatch(workOf(handler), duplicates, rows);
      planNext(time);
      watchers.check();
    } catch (error) {
      log.unexpected({ where: 'queue', error });
      rest(DISK_RETRY_MS);
    }
  }

  /** Runs inside the transaction: if that fails, all of this happens again. */
  function pick(time: number) {
    if (!recovered) for (const { queue } of workers) table.requeueRunning(queue, time);
    if (time - sweptAt > MAX_SLEEP_MS) for (const { queue } of workers) table.sweep(queue, time);
    return workers.map(({ queue, worker }) => {
      const { duplicates, free } = worker.turn(time);
      const rows = take(queue, time, free);
      return { worker, duplicates, rows };
    });
  }

  /**
   * Sleeps until a task can be handed out. Sleeps without end if an answer or a task must come
   * first.
   */
  function planNext(time: number) {
    if (!handler) return;
    recovered = true;
    if (time - sweptAt > MAX_SLEEP_MS) sweptAt = time;
    const times = workers
      .map(({ queue, worker }) => worker.readyAt(table.nextAt(queue), time))
      .filter((at) => at !== null);
    const next = Math.min(...times);
    if (next <= time) wake();
    else if (times.length > 0) sleep(next - time);
    else cancel();
  }

  /**
   * Resolves true once `condition` holds after a pump, or the queue is closed; false at the
   * deadline.
   */
  function watch(condition: () => boolean, deadlineMs: number): Promise<boolean> {
    if (closed) return Promise.resolve(true);
    const held = watchers.until(() => closed || condition(), deadlineMs);
    wake();
    return held;
  }

  const settled = () => answers.length === 0 && workers.every(({ worker }) => worker.running === 0);
  const empty = () =>
    settled() &&
    workers.every(({ queue, worker }) => worker.duplicates === 0 && table.nextAt(queue) === null);

  return {
    async create(tasks) {
      const time = now();
      await table.insert(tasks, time);
      if (time > usedAt) usedAt = time;
      wake();
    },

    waiting: async (tasks) => tasks.map(({ queue, name }) => table.isQueued(queue, name)),

    start(newHandler) {
      if (handler || stopping || closed) throw new Error('the queue was started before, or closed');
      handler = newHandler;
      recovered = false;
      wake();
    },

    async stop() {
      if (closed || !handler) return;
      handler = null;
      stopping = true;
      for (const { worker } of workers) worker.signal();
      await watch(settled, STOP_DEADLINE_MS);
      cancel();
      for (const { worker } of workers) worker.letGo();
      stopping = false;
    },

    async idle() {
      if (!(await watch(empty, IDLE_DEADLINE_MS))) throw new Error('the queue is still busy');
    },

    close() {
      if (closed) return;
      closed = true;
      handler = null;
      end();
      for (const { worker } of workers) {
        worker.signal();
        worker.letGo();
      }
      table.close();
      watchers.check();
    },
  };
}

/** Takes at most `count` due tasks of a queue, inside the transaction of a pump. */
const taker =
  (
    table: TaskTable,
    {
      limits,
      disorder,
      random,
    }: Pick<EmbeddedQueueOptions, 'limits'> & { disorder: boolean; random: () => number },
  ) =>
  (queue: QueueName, time: number, count: number): Row[] => {
    if (count === 0) return [];
    // Disorder shuffles the tasks that are due first, not the whole table.
    const due = table.due(queue, time, disorder ? 10 * count : count);
    const rows = disorder ? shuffled(due, random).slice(0, count) : due;
    for (const row of rows) {
      table.run(row.id);
      // The attempt that died with its process may have been the last one: the task gets another.
      row.attempts = Math.min(row.attempts, limits[queue].maxAttempts - 1);
    }
    return rows;
  };

const workOf =
  (handler: TaskHandler): Work<Row> =>
  (row, delivery) =>
    handler({ body: JSON.parse(row.body) as TaskBody, ...delivery });
