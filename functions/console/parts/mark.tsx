import type { ComponentChildren } from 'preact';

/** A state in a word, with a dot of its colour before it. */
export const Mark = ({
  tone,
  children,
}: {
  tone: 'good' | 'warn' | 'bad' | 'none';
  children: ComponentChildren;
}) => <span class={`state ${tone}`}>{children}</span>;
