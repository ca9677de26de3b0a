/** Work that goes on while its caller prepares the next piece of it. */

export interface OneBehind {
  /** Begins a piece when the one before it has ended. Throws what that one threw. */
  begin(work: () => Promise<unknown>): Promise<void>;
  /** Resolves when nothing is under way. Throws what the last piece threw. */
  ended(): Promise<void>;
}

/** One piece is under way at most. What fails is thrown by the next call, so call `ended` in the end. */
export function createOneBehind(): OneBehind {
  let last: Promise<unknown> = Promise.resolve();
  const ended = async () => void (await last);
  return {
    async begin(work) {
      await ended();
      last = work();
      // thrown by the next call
      last.catch(() => {});
    },
    ended,
  };
}
