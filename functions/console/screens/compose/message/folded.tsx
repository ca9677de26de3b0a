/** Fields that are rarely used, folded away. */

import type { ComponentChildren } from 'preact';
import { texts } from '../../../texts/texts.ts';
import { useCompose } from '../parts.tsx';

interface Props {
  label: string;
  /** how many of its fields are filled in */
  used: number;
  /** paths of its fields: faults in it are counted */
  paths: string[];
  children: ComponentChildren;
}

export function Folded({ label, used, paths, children }: Props) {
  const { faults } = useCompose();
  const wrong = (faults.value ?? []).filter(({ path }) =>
    paths.some((it) => path === it || path.startsWith(`${it}.`) || path.startsWith(`${it}[`)),
  ).length;
  return (
    <details class="folded">
      <summary>
        {label}
        {used > 0 && <span class="tag">{texts.compose.used(used)}</span>}
        {wrong > 0 && <span class="tag bad">{texts.compose.wrong(wrong)}</span>}
      </summary>
      <div class="fields">{children}</div>
    </details>
  );
}
