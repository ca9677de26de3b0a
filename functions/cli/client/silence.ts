/** Deadlines of streams, which may be long, but neither silent nor without an end. */

export type Silence = ReturnType<typeof createSilence>;

/** Aborts its signal if what it waits for does not come in time, or after `mostMs` in all. */
export function createSilence(mostMs?: number) {
  const cut = new AbortController();
  const abortAfter = (ms: number) =>
    setTimeout(() => cut.abort(new DOMException('no answer', 'TimeoutError')), ms);
  const whole = mostMs === undefined ? undefined : abortAfter(mostMs);
  let late: NodeJS.Timeout | undefined;
  const pause = () => clearTimeout(late);
  return {
    signal: cut.signal,
    /** Waits for the next part. */
    within(ms: number) {
      pause();
      late = abortAfter(ms);
    },
    /** Waits for nothing until `within` is called again. */
    pause,
    end() {
      pause();
      clearTimeout(whole);
    },
  };
}
