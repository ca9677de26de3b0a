/** What the pictures of phones and browsers share. */

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Picture } from './pictures.ts';

export interface FrameProps {
  /** null: nothing is known yet */
  picture: Picture | null;
  app: string;
}

/** The icon of an app: its first letter. */
export const AppIcon = ({ app }: { app: string }) => (
  <span class="app-icon" aria-hidden="true">
    {(Array.from(app)[0] ?? '').toUpperCase()}
  </span>
);

/** A text from outside: its direction is its own, and ends with it. */
export const Text = ({ text, kind }: { text: string; kind: string }) =>
  text === '' ? null : (
    <p class={kind} dir="auto">
      {text}
    </p>
  );

/** The picture of a message, if it can be loaded. */
export function Image({ url }: { url: string }) {
  const isBroken = useSignal(false);
  useEffect(() => {
    isBroken.value = false;
  }, [url]);
  if (url === '' || !URL.canParse(url)) return null;
  if (isBroken.value) return <span class="image broken" aria-hidden="true" />;
  return (
    <img
      class="image"
      src={url}
      alt=""
      referrerpolicy="no-referrer"
      onError={() => {
        isBroken.value = true;
      }}
    />
  );
}
