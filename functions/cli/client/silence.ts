/** Deadlines of streams, which may be long but not silent. */

export type Silence = ReturnType<typeof createSilence>;

/** Aborts its signal if what it waits for does not come in time. */
export function createSilence() {
  const cut = new AbortController();
  let late: NodeJS.Timeout | undefined;
  const end = () => clearTimeout(late);
  return {
    signal: cut.signal,
    within(ms: number) {
      end();
      late = setTimeout(() => cut.abort(new DOMException('no answer', 'TimeoutError')), ms);
    },
    end,
  };
}
