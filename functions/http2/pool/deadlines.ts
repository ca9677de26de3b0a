/** One timer for all deadlines of a pool; it alone holds the process, while an answer is due. */

export interface Deadlines {
  /** An answer is due from now on. */
  hold(): void;
  /** None is. */
  release(): void;
  stop(): void;
}

export function createDeadlines({
  everyMs,
  now,
  due,
  check,
}: {
  everyMs: number;
  now(): number;
  /** whether there is anything to look after */
  due(): boolean;
  /** what is late at `at`, or not needed, is to be ended */
  check(at: number): void;
}): Deadlines {
  let timer: NodeJS.Timeout | null = null;
  let lastTick = 0;
  let skipped = false;

  function tick() {
    const at = now();
    const late = at - lastTick > 3 * everyMs;
    lastTick = at;
    if (!due()) return stop();
    // The process was busy, or frozen (Cloud Run between requests): answers may lie unread, and
    // they are read before the next tick.
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
