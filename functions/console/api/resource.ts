/** What a screen shows of the API: read once, again when asked, or again and again while it is seen. */

import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { renewed } from '../session/session.ts';
import { type Answer, api, type Problem } from './client.ts';

interface Resource<T> {
  /** the last value that came; null before the first */
  value: Signal<T | null>;
  /** why the last call failed; null if it did not */
  problem: ReadonlySignal<Problem | null>;
  reload(): Promise<void>;
}

interface Options<T> {
  /** ms between calls while the page is visible, by the last value; null: no more */
  everyMs?: (value: T | null) => number | null;
}

/** ms before a call that failed is repeated, at first and at most. */
const [AGAIN_MS, MOST_MS] = [1_000, 15_000];

/** `path` null: nothing is read yet. */
export const useResource = <T>(path: string | null, options?: Options<T>): Resource<T> =>
  useReader<T>(path, (signal) => api.get<T>(path!, { signal }), options);

/** Reads by `read`, anew where `key` changes; null: nothing is read yet. */
export function useReader<T>(
  key: string | null,
  read: (signal?: AbortSignal) => Promise<Answer<T>>,
  { everyMs }: Options<T> = {},
): Resource<T> {
  const state = useMemo(() => createState(read), [key]);
  useEffect(() => {
    if (key === null) return;
    const end = new AbortController();
    void keepReading(state, everyMs ?? (() => null), end.signal);
    return () => end.abort();
  }, [key]);
  return state;
}

interface State<T> extends Resource<T> {
  problem: Signal<Problem | null>;
  read(end?: AbortSignal): Promise<Answer<T> | null>;
}

function createState<T>(ask: (signal?: AbortSignal) => Promise<Answer<T>>): State<T> {
  const value = signal<T | null>(null);
  const problem = signal<Problem | null>(null);
  let asked = 0;
  /** the newest question that was answered */
  let answered = 0;
  async function read(end?: AbortSignal): Promise<Answer<T> | null> {
    const mine = ++asked;
    const answer = await ask(end);
    if (end?.aborted) return null;
    // what was asked for later is newer, whichever answer comes first
    if (mine < answered) return answer;
    answered = mine;
    if (answer.ok) value.value = answer.value;
    problem.value = answer.ok ? null : answer.problem;
    return answer;
  }
  return { value, problem, read, reload: async () => void (await read()) };
}

/** Whether it is in vain to ask again. A session that ended may be renewed. */
export const isFinal = ({ status }: Problem) => status >= 400 && status < 429 && status !== 401;

async function keepReading<T>(
  state: State<T>,
  everyMs: (value: T | null) => number | null,
  end: AbortSignal,
) {
  let failedMs = AGAIN_MS;
  while (!end.aborted) {
    const answer = await state.read(end);
    if (!answer) return;
    if (!answer.ok && isFinal(answer.problem)) return;
    if (!answer.ok && answer.problem.status === 401) {
      await renewed(end);
      continue;
    }
    failedMs = answer.ok ? AGAIN_MS : Math.min(failedMs * 2, MOST_MS);
    const pause = answer.ok ? everyMs(answer.value) : (answer.retryMs ?? failedMs);
    if (pause === null) return;
    await pauseFor(pause, end);
    await visible(end);
  }
}

/** Resolves after so many ms, or at the end. */
export function pauseFor(ms: number, end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      end.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    end.addEventListener('abort', done);
    if (end.aborted) done();
  });
}

/** Resolves while the page is seen: a tab in the background asks for nothing. */
export function visible(end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.visibilityState === 'hidden' && !end.aborted) return;
      document.removeEventListener('visibilitychange', look);
      end.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    end.addEventListener('abort', look);
    look();
  });
}
