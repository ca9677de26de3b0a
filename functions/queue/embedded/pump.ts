/**
 * The pump of the embedded queue: one transaction that stores the answers that came in and takes the
 * tasks that are due. An alarm sleeps until the next task is due; new tasks and every answer wake it.
 */

import { type QueueName, queueNames } from '../../model/queues.ts';
import type { TaskBody } from '../../model/tasks.ts';
import type { Log, TaskHandler } from '../../ports/ports.ts';
import type { QueueLimits } from '../pace.ts';
import type { Work } from '../runs.ts';
import { createAlarm, MAX_SLEEP_MS } from '../wakeups.ts';
import { type Answered, createQueueWorker, type QueueWorker, shuffled } from '../worker.ts';
import type { Row, TaskTable } from './table.ts';

/** Pause after the disk refused a write, in ms: it was full, or locked. */
const DISK_RETRY_MS = 1000;

interface PumpOptions {
  table: TaskTable;
  limits: Record<QueueName, QueueLimits>;
  log: Pick<Log, 'taskFailed' | 'unexpected'>;
  now: () => number;
  random: () => number;
  /** chance of a duplicate delivery, in [0, 1] */
  duplicate: number;
  /** true: due tasks are handed out in random order */
  disorder: boolean;
  /** called after each pass that the disk has taken */
  onPass: () => void;
}

interface Pump {
  /** true while tasks are handed out */
  readonly isRunning: boolean;
  wake(): void;
  /** Tasks were stored at `time`, in ms. */
  stored(time: number): void;
  /** Hands out tasks from now on; first those that a dead process had taken. */
  start(handler: TaskHandler): void;
  /** Hands out no more, and fires the signals of running handlers. */
  hold(): void;
  /** Ignores all later answers, and sleeps. */
  letGo(): void;
  /** Never wakes again. */
  end(): void;
  /** True if nothing runs and all answers are stored. */
  isSettled(): boolean;
  /** True if it is settled and nothing is queued. */
  isEmpty(): boolean;
}

/** A queue and the worker that hands out its tasks. */
interface Served {
  queue: QueueName;
  worker: QueueWorker<Row>;
}

export function createPump(options: PumpOptions): Pump {
  const { table, limits, log, now, random, duplicate, onPass } = options;
  /** answers to store; bounded, since no task is handed out before they are stored */
  let answers: Answered<Row>[] = [];
  const onAnswer = (answered: Answered<Row> | null) => {
    if (answered) answers.push(answered);
    alarm.wake();
  };
  const chances = { now, random, duplicate: () => duplicate, log, onAnswer };
  const workers: Served[] = queueNames.map((queue) => ({
    queue,
    worker: createQueueWorker<Row>(limits[queue], chances),
  }));
  const picker = createPicker(workers, options);
  const alarm = createAlarm(pump);
  let handler: TaskHandler | null = null;
  /**
   * the last time that was stored; infinite at first, since the last process may have stored a
   * later one
   */
  let usedAt = Number.POSITIVE_INFINITY;

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
        return handler ? picker.pick(time) : [];
      });
      answers = [];
      usedAt = time;
      for (const { worker, duplicates, rows } of picked)
        if (handler) worker.dispatch(workOf(handler), duplicates, rows);
      planNext(time);
      onPass();
    } catch (error) {
      log.unexpected({ where: 'queue', error });
      alarm.rest(DISK_RETRY_MS);
    }
  }

  /**
   * Sleeps until a task can be handed out. Sleeps without end if an answer or a task must come
   * first.
   */
  function planNext(time: number) {
    if (!handler) return;
    picker.stored(time);
    const times = workers
      .map(({ queue, worker }) => worker.readyAt(table.nextAt(queue), time))
      .filter((at) => at !== null);
    const next = Math.min(...times);
    if (next <= time) alarm.wake();
    else if (times.length > 0) alarm.sleep(next - time);
    else alarm.cancel();
  }

  const isSettled = () =>
    answers.length === 0 && workers.every(({ worker }) => worker.running === 0);

  return {
    get isRunning() {
      return handler !== null;
    },
    wake: alarm.wake,
    stored(time) {
      if (time > usedAt) usedAt = time;
      alarm.wake();
    },
    start(newHandler) {
      handler = newHandler;
      picker.recover();
      alarm.wake();
    },
    hold() {
      handler = null;
      for (const { worker } of workers) worker.signal();
    },
    letGo() {
      alarm.cancel();
      for (const { worker } of workers) worker.letGo();
    },
    end: alarm.end,
    isSettled,
    isEmpty: () =>
      isSettled() &&
      workers.every(({ queue, worker }) => worker.duplicates === 0 && table.nextAt(queue) === null),
  };
}

/** Takes due tasks inside the transaction of a pump: if that fails, all of this happens again. */
function createPicker(workers: Served[], options: PumpOptions) {
  const { table } = options;
  /** tasks of a dead process have been put back */
  let recovered = false;
  let sweptAt = Number.NEGATIVE_INFINITY;
  const isSweepDue = (time: number) => time - sweptAt > MAX_SLEEP_MS;
  return {
    recover() {
      recovered = false;
    },
    pick(time: number) {
      if (!recovered) for (const { queue } of workers) table.requeueRunning(queue, time);
      if (isSweepDue(time)) for (const { queue } of workers) table.sweep(queue, time);
      return workers.map(({ queue, worker }) => {
        const { duplicates, free } = worker.turn(time);
        return { worker, duplicates, rows: take(options, { queue, time, count: free }) };
      });
    },
    /** The transaction of that pick was stored. */
    stored(time: number) {
      recovered = true;
      if (isSweepDue(time)) sweptAt = time;
    },
  };
}

/** Takes at most `count` due tasks of a queue. */
function take(
  { table, limits, disorder, random }: PumpOptions,
  { queue, time, count }: { queue: QueueName; time: number; count: number },
): Row[] {
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
}

const workOf =
  (handler: TaskHandler): Work<Row> =>
  (row, delivery) =>
    handler({ body: JSON.parse(row.body) as TaskBody, ...delivery });
