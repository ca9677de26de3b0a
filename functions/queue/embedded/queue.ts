/**
 * The queue on one machine, with the manners of Cloud Tasks: at least once, in no promised order,
 * at a bounded rate, again after a pause that doubles, kept on disk.
 *
 * One timer sleeps until the next task is due, and `create` and every answer wake the pump. A pump
 * is one transaction: it writes down the answers that came in and hands out what is due.
 *
 * As with Cloud Tasks, a handler must not rely on its task's name being unique, nor on being the
 * only one at work on it. There is no dead-letter queue: what `Delivery.last` could not settle is
 * gone, and only a sweep of the store finds it.
 */

import { type QueueName, queueNames, type TaskBody } from '../../model/tasks.ts';
import type { Log, Queue, TaskHandler } from '../../ports/ports.ts';
import type { QueueLimits } from '../pace.ts';
import { type Answered, createQueueWorker, shuffled, type Work } from '../worker.ts';
import { openTaskTable, type Row } from './table.ts';

export type { QueueLimits } from '../pace.ts';

/** A timer sleeps no longer: clocks are set, machines are suspended, and 2^31 ms overflow. */
const MAX_SLEEP_MS = 60 * 1000;
/** After the disk refused: full, or locked. */
const DISK_RETRY_MS = 1000;
/** What Cloud Run gives an instance between SIGTERM and the end. */
const STOP_DEADLINE_MS = 10 * 1000;
const IDLE_DEADLINE_MS = 60 * 1000;

export interface EmbeddedQueue extends Queue {
  /** Tasks of an earlier process that were at work are delivered again. */
  start(handler: TaskHandler): void;
  /** Fires the signals of running handlers, waits for them (10 s at most), and hands out no more. */
  stop(): Promise<void>;
  /** Resolves when nothing is queued (later times included) or running; rejects after 60 s. */
  idle(): Promise<void>;
  /** Lets go of the file at once; what was running is delivered again by the next process. */
  close(): void;
}

export interface EmbeddedQueueOptions {
  /** of a SQLite file that nothing else uses */
  path: string;
  limits: Record<QueueName, QueueLimits>;
  log: Pick<Log, 'taskFailed' | 'unexpected'>;
  now?: () => number;
  random?: () => number;
  /** What Cloud Tasks does rarely, often: for tests and demonstrations. */
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
  /** waiting to be written down; bounded, since nothing is handed out until they are */
  let answers: Answered<Row>[] = [];
  const onAnswer = (answered: Answered<Row> | null) => {
    if (answered) answers.push(answered);
    wake();
  };
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
  /** the last time that was used, by the clock; whatever the last process left may be of a later one */
  let usedAt = Number.POSITIVE_INFINITY;
  let soon: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** the disk refused; only the timer wakes the pump */
  let resting = false;
  /** called after every pump */
  const watchers = new Set<() => void>();

  function wake() {
    if (!closed && !resting) soon ??= setImmediate(pump);
  }

  function sleep(ms: number) {
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        resting = false;
        wake();
      },
      Math.min(Math.max(ms, 1), MAX_SLEEP_MS),
    );
  }

  /** Never throws: a disk that refuses is tried again, and the answers are kept until then. */
  function pump() {
    soon = undefined;
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
      for (const watcher of watchers) watcher();
    } catch (error) {
      log.unexpected({ where: 'queue', error });
      resting = true;
      sleep(DISK_RETRY_MS);
    }
  }

  /** Inside the transaction: if it fails, all of this happens once more. */
  function pick(time: number) {
    if (!recovered) for (const { queue } of workers) table.requeueRunning(queue, time);
    if (time - sweptAt > MAX_SLEEP_MS) for (const { queue } of workers) table.sweep(queue, time);
    return workers.map(({ queue, worker }) => {
      const { duplicates, free } = worker.turn(time);
      // Disorder shuffles the tasks that are due first, not the whole table.
      const due = free > 0 ? table.due(queue, time, disorder ? 10 * free : free) : [];
      const rows = disorder ? shuffled(due, random).slice(0, free) : due;
      for (const row of rows) {
        table.run(row.id);
        // An attempt that died with its process may have been the last one: it gets its chance again.
        row.attempts = Math.min(row.attempts, limits[queue].maxAttempts - 1);
      }
      return { worker, duplicates, rows };
    });
  }

  /** Sleeps until something can be handed out; not at all if an answer or a task must come first. */
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
    else clearTimeout(timer);
  }

  /** Resolves true when `condition` holds after a pump, false at the deadline. */
  function watch(condition: () => boolean, deadlineMs: number): Promise<boolean> {
    if (closed) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (held: boolean) => {
        clearTimeout(deadline);
        watchers.delete(check);
        resolve(held);
      };
      const deadline = setTimeout(() => end(false), deadlineMs);
      const check = () => {
        if (closed || condition()) end(true);
      };
      watchers.add(check);
      wake();
    });
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
      clearTimeout(timer);
      resting = false;
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
      clearTimeout(timer);
      clearImmediate(soon);
      for (const { worker } of workers) {
        worker.signal();
        worker.letGo();
      }
      table.close();
      for (const watcher of watchers) watcher();
    },
  };
}

const workOf =
  (handler: TaskHandler): Work<Row> =>
  (row, delivery) =>
    handler({ body: JSON.parse(row.body) as TaskBody, ...delivery });
