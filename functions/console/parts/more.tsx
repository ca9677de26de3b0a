import { useState } from 'preact/hooks';
import type { List } from '../api/list.ts';
import { texts } from '../texts/texts.ts';
import { Button } from './button.tsx';

/** Reads the following page of a list; nothing if there is none. */
export function More<T>({ list }: { list: List<T> }) {
  const [busy, setBusy] = useState(false);
  const { more } = list;
  if (more === null) return null;
  const read = async () => {
    setBusy(true);
    await more();
    setBusy(false);
  };
  return (
    <p class="further">
      <Button busy={busy} onClick={() => void read()}>
        {texts.parts.more}
      </Button>
    </p>
  );
}
