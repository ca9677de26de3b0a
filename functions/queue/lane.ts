/**
 * One queue at work: what may be handed out now, the handlers that are running, and what became of
 * their tasks. Knows time, chance and the handler, but not the disk.
 */

import type { Log, QueueName, TaskAnswer, TaskBody, TaskHandler } from '../ports.ts';
import { backoff, createTokenBucket, type QueueLimits } from './pace.ts';
import type { Row } from './table.ts';

/** Cloud Tasks waits ten minutes for an HTTP handler, then runs a second attempt beside it. */
const DISPATCH_DEADLINE_MS = 10 * 60 * 1000;

/** What is to be written down of a task that was handed out; `retryAt` null: it has ended. */
export interface Answered {
  id: number;
  retryAt: number | null;
}

/** A second delivery, of which nothing is expected: its answer is not written down. */
export type Twin = Pick<Run, 'row' | 'attempt'>;

export interface Lane {
  readonly queue: QueueName;
  /** handlers at work */
  readonly running: number;
  /** second deliveries that are waiting for room */
  readonly twins: number;
  /** how many more may be handed out now */
  room(time: number): number;
  /** when something due at `due` (null: nothing is) can be handed out; null: not before an answer */
  readyAt(due: number | null, time: number): number | null;
  /** Hands out as many waiting second deliveries, and these rows. */
  dispatch(handler: TaskHandler, twins: number, rows: Row[]): void;
  /** Fires the signals of all that is running. */
  signal(): void;
  /** Expects no answer any more. */
  letGo(): void;
}

interface Run {
  row: Row;
  attempt: number;
  twin: boolean;
  /** is delivered a second time once it has answered */
  twinAfter: boolean;
  stop: AbortController;
  deadline: NodeJS.Timeout;
}

export function createLane(
  queue: QueueName,
  limits: QueueLimits,
  {
    now,
    random,
    duplicate,
    log,
    onAnswer,
  }: {
    now: () => number;
    random: () => number;
    /** chance of a second delivery */
    duplicate: number;
    log: Pick<Log, 'taskFailed'>;
    /** null: nothing is to be written down, but there is room again */
    onAnswer: (answered: Answered | null) => void;
  },
): Lane {
  const bucket = createTokenBucket(limits.perSecond);
  const running = new Set<Run>();
  let twins: Twin[] = [];

  function first(handler: TaskHandler, row: Row) {
    // An attempt that died with its process may have been the last one: it gets its chance again.
    const attempt = Math.min(row.attempts, limits.maxAttempts - 1);
    const twice = random() < duplicate;
    const beside = twice && random() < 0.5;
    if (beside) twins.push({ row, attempt });
    run(handler, { row, attempt, twin: false, twinAfter: twice && !beside });
  }

  function run(handler: TaskHandler, it: Omit<Run, 'stop' | 'deadline'>) {
    const stop = new AbortController();
    const deadline = setTimeout(() => {
      stop.abort();
      failed(self, new Error(`no answer within ${DISPATCH_DEADLINE_MS / 60_000} minutes`));
    }, DISPATCH_DEADLINE_MS);
    const self: Run = { ...it, stop, deadline };
    running.add(self);
    deliver(handler, self).then(
      (answer) => answered(self, answer),
      (error) => failed(self, error),
    );
  }

  /** In a promise, so that a handler that throws at once is no different from others. */
  async function deliver(handler: TaskHandler, { row, attempt, stop }: Run): Promise<TaskAnswer> {
    const body = JSON.parse(row.body) as TaskBody;
    const last = attempt + 1 >= limits.maxAttempts;
    const answer = await handler({ body, attempt, last, signal: stop.signal });
    if (answer.kind === 'again' && !Number.isFinite(answer.afterMs))
      throw new RangeError('afterMs is not a number');
    return answer;
  }

  function answered(self: Run, answer: TaskAnswer) {
    if (!running.has(self)) return;
    if (answer.kind === 'done') return settle(self, null);
    const at = now() + Math.max(0, answer.afterMs);
    // As 429 and 503 do: everybody waits, and nothing bursts afterwards.
    bucket.hold(at);
    settle(self, at);
  }

  function failed(self: Run, error: unknown) {
    if (!running.has(self)) return;
    log.taskFailed({ task: self.row.name, attempt: self.attempt, error });
    settle(self, now() + backoff(self.attempt, limits));
  }

  /** Once for each run: an answer after the deadline, or after `letGo`, is of no use any more. */
  function settle(self: Run, retryAt: number | null) {
    clearTimeout(self.deadline);
    running.delete(self);
    if (self.twinAfter) twins.push(self);
    const over = self.attempt + 1 >= limits.maxAttempts;
    onAnswer(self.twin ? null : { id: self.row.id, retryAt: over ? null : retryAt });
  }

  return {
    queue,
    get running() {
      return running.size;
    },
    get twins() {
      return twins.length;
    },
    room: (time) => Math.max(0, Math.min(limits.concurrent - running.size, bucket.available(time))),
    readyAt(due, time) {
      if (running.size >= limits.concurrent) return null;
      if (twins.length > 0) return bucket.readyAt(time);
      return due === null ? null : Math.max(due, bucket.readyAt(time));
    },
    dispatch(handler, count, rows) {
      bucket.take(count + rows.length);
      for (const it of twins.splice(0, count))
        run(handler, { ...it, twin: true, twinAfter: false });
      for (const row of rows) first(handler, row);
    },
    signal() {
      for (const { stop } of running) stop.abort();
    },
    letGo() {
      for (const { deadline } of running) clearTimeout(deadline);
      running.clear();
      twins = [];
    },
  };
}
