import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Problem } from '../api/client.ts';

interface Ids {
  id: string;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: true | undefined;
}

interface Props {
  label: string;
  hint?: string | undefined;
  /** the API's own sentences about this field */
  faults?: string[];
  /** seen by screen readers only: the place says it already */
  hideLabel?: boolean;
  children: (ids: Ids) => ComponentChildren;
}

/** A label, a control, a hint, and what the API says against its value. */
export function Field({ label, hint, faults = [], hideLabel = false, children }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, faults.length > 0 && `${id}-fault`].filter(Boolean);
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'unseen' : undefined}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described.join(' ') || undefined,
        'aria-invalid': faults.length > 0 || undefined,
      })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {faults.length > 0 && (
        <p class="fault" id={`${id}-fault`}>
          {faults.map((it) => (
            <span key={it}>{it}</span>
          ))}
        </p>
      )}
    </div>
  );
}

/** Whether a path of a fault, such as `caps[0].max`, is the other, or inside of it. */
export const isWithin = (path: string, other: string) =>
  path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);

/** The sentences of a problem about a path, such as `message.title`, and about what is inside of it. */
export const faultsAt = (problem: Pick<Problem, 'faults'> | null, path: string): string[] =>
  (problem?.faults ?? [])
    .filter((it) => isWithin(it.path, path))
    .map((it) =>
      it.path === path
        ? it.message
        : `${it.path.slice(path.length).replace(/^\./, '')} ${it.message}`,
    );
