import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';

/** Leads to the list that a screen belongs to. */
export const Back = ({ href, children }: { href: string; children: ComponentChildren }) => (
  <a class="upward" href={href}>
    <Icon name="back" /> {children}
  </a>
);
