import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Props {
  children: ComponentChildren;
  kind?: 'primary' | 'plain' | 'danger' | 'quiet';
  onClick?: () => void;
  type?: 'button' | 'submit';
  /** why it cannot be used now; it stays reachable, and says this */
  whyNot?: string | null;
  busy?: boolean;
  small?: boolean;
}

/** A disabled button is reached by the keyboard nonetheless, so that its reason can be read. */
export function Button({ children, kind = 'plain', onClick, type = 'button', ...more }: Props) {
  const { whyNot = null, busy = false, small = false } = more;
  const id = useId();
  const off = whyNot !== null || busy;
  const button = (
    <button
      type={off ? 'button' : type}
      class={`button ${kind}${small ? ' small' : ''}`}
      aria-disabled={off || undefined}
      aria-describedby={whyNot !== null ? id : undefined}
      aria-busy={busy || undefined}
      onClick={off ? undefined : onClick}
    >
      {children}
    </button>
  );
  if (whyNot === null) return button;
  return (
    <span class="why">
      {button}
      <span role="tooltip" id={id}>
        {whyNot}
      </span>
    </span>
  );
}

/** A link that looks like a button. */
export const ButtonLink = ({
  href,
  kind = 'plain',
  children,
}: {
  href: string;
  kind?: 'primary' | 'plain' | 'quiet';
  children: ComponentChildren;
}) => (
  <a href={href} class={`button ${kind}`}>
    {children}
  </a>
);
