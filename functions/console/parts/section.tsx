import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Props {
  title: string;
  /** a sentence below the title */
  text?: string;
  /** beside the title */
  action?: ComponentChildren;
  children: ComponentChildren;
}

/** A part of a screen, with a heading of its own. */
export function Section({ title, text, action, children }: Props) {
  const id = useId();
  return (
    <section class="section" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {action}
        {text && <p class="muted">{text}</p>}
      </header>
      {children}
    </section>
  );
}
