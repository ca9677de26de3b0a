import type { ComponentChildren } from 'preact';

interface Column {
  label: string;
  /** numbers stand at the right edge */
  isNumber?: boolean;
  /** left out where the window is narrow */
  isWide?: boolean;
}

/** A table; `caption` is its name for screen readers. The rows are `<tr>`; `cell` gives a cell's class. */
export const Table = ({
  caption,
  columns,
  children,
}: {
  caption: string;
  columns: Column[];
  children: ComponentChildren;
}) => (
  // biome-ignore lint/a11y/useSemanticElements: it groups no fields
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the window is narrow, by the keyboard too
  <div class="scroll" role="group" aria-label={caption} tabIndex={0}>
    <table>
      <thead>
        <tr>
          {columns.map((it) => (
            <th key={it.label} scope="col" class={cell(it)}>
              {it.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);

export const cell = ({ isNumber, isWide }: Omit<Column, 'label'>): string | undefined =>
  [isNumber && 'number', isWide && 'wide'].filter(Boolean).join(' ') || undefined;
