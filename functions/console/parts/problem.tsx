import type { ComponentChildren } from 'preact';
import type { Problem } from '../api/client.ts';
import { isWithin } from './field.tsx';

interface Props {
  problem: Problem;
  /** paths of faults that are shown at their fields */
  shown?: string[];
  children?: ComponentChildren;
}

/** A problem in the API's own words, with the faults that no field shows. */
export function ProblemNote({ problem, shown = [], children }: Props) {
  const faults = (problem.faults ?? []).filter(
    ({ path }) => !shown.some((it) => isWithin(path, it)),
  );
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>{problem.title}.</strong> {problem.detail}
      </p>
      {faults.length > 0 && (
        <ul>
          {faults.map(({ path, message }) => (
            <li key={path + message}>
              {path && <code>{path}</code>} {message}
            </li>
          ))}
        </ul>
      )}
      {problem.next && <p class="muted">{problem.next}</p>}
      {children}
    </div>
  );
}
