import type { ComponentChildren } from 'preact';
import type { List } from '../api/list.ts';
import { More } from './more.tsx';

interface Props<T> {
  items: T[];
  list: List<T>;
  /** what is said where there are none, on any page */
  none: string;
  keyOf(item: T): string;
  children: (item: T) => ComponentChildren;
}

/** A list whose items open to what is known of them, and its following pages. */
export function Rows<T>({ items, list, none, keyOf, children }: Props<T>) {
  return (
    <>
      {items.length === 0 && !list.more && <p class="muted">{none}</p>}
      {items.length > 0 && (
        <ul class="rows">
          {items.map((it) => (
            <li key={keyOf(it)}>{children(it)}</li>
          ))}
        </ul>
      )}
      <More list={list} />
    </>
  );
}
