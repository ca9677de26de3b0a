/** One timer for all deadlines of a pool. It keeps the process alive only while an answer is due. */

interface Deadlines {
  /** An answer is due from now on. */
  hold(): void;
  /** No answer is due any more. */
  release(): void;
  stop(): void;
}

interface DeadlinesOptions {
  /** milliseconds between checks */
  everyMs: number;
  /** in milliseconds */
  now(): number;
  /** Tells whether there is anything to check; if not, the timer stops. */
  due(): boolean;
  /** Ends what is late or not needed at time `at`. */
  check(at: number): void;
}

export function createDeadlines({ everyMs, now, due, check }: DeadlinesOptions): Deadlines {
  let timer: NodeJS.Timeout | null = null;
  let lastTick = 0;
  let skipped = false;

  function tick() {
    const at = now();
    const late = at - lastTick > 3 * everyMs;
    lastTick = at;
    if (!due()) return stop();
    // After the process was busy or frozen (Cloud Run between requests) answers may lie unread. They
    // are read before the next tick, so one check is skipped.
    skipped = late && !skipped;
    if (!skipped) check(at);
  }

  function stop() {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  return {
    hold() {
      if (timer !== null) return void timer.ref();
      lastTick = now();
      timer = setInterval(tick, everyMs);
    },
    release() {
      timer?.unref();
    },
    stop,
  };
}
