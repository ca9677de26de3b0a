import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/client.ts';
import { texts } from '../texts/texts.ts';
import { ProblemNote } from './problem.tsx';

interface Props<T> {
  value: T | null;
  problem: Problem | null;
  /** why the caller may not read it; said in its place */
  whyNot?: string | null;
  children: (value: T) => ComponentChildren;
}

/**
 * What was read, with the problem of the last call above it; before it came, that it is loading. What is below
 * is not shown until then, since it would jump.
 */
export const Loaded = <T,>({ value, problem, whyNot = null, children }: Props<T>) =>
  whyNot !== null ? (
    <p class="note">{whyNot}</p>
  ) : (
    <>
      {problem && <ProblemNote problem={problem} />}
      {value !== null
        ? children(value)
        : !problem && <p class="muted loading">{texts.shell.loading}…</p>}
    </>
  );
