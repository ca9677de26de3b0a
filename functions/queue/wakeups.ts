/** When the pump of a queue runs, and callers that wait for a condition after it. */

/** Longest sleep, in ms: clocks are set, machines are suspended, and 2^31 ms overflow a timer. */
export const MAX_SLEEP_MS = 60 * 1000;

/** Wakes the pump: in the next turn of the event loop, or after a time. */
export function createAlarm(pump: () => void) {
  let soon: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** true while only the timer may wake the pump */
  let resting = false;
  let ended = false;

  function wake() {
    if (ended || resting) return;
    soon ??= setImmediate(() => {
      soon = undefined;
      pump();
    });
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

  return {
    wake,
    /** Wakes the pump after `ms`, or earlier if `wake` is called. */
    sleep,
    /** Wakes the pump after `ms`, whatever happens until then. */
    rest(ms: number) {
      resting = true;
      sleep(ms);
    },
    cancel() {
      clearTimeout(timer);
      resting = false;
    },
    end() {
      ended = true;
      clearTimeout(timer);
      clearImmediate(soon);
    },
  };
}

/** Conditions that callers wait for; `check` is called whenever one may have come true. */
export function createWatchers() {
  const checks = new Set<() => void>();
  return {
    check() {
      for (const it of checks) it();
    },
    /** Resolves true once `condition` holds at a check, false at the deadline. */
    until(condition: () => boolean, deadlineMs: number): Promise<boolean> {
      return new Promise((resolve) => {
        const end = (held: boolean) => {
          clearTimeout(deadline);
          checks.delete(check);
          resolve(held);
        };
        const deadline = setTimeout(() => end(false), deadlineMs);
        const check = () => {
          if (condition()) end(true);
        };
        checks.add(check);
      });
    },
  };
}
