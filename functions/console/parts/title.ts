import { useEffect } from 'preact/hooks';
import { texts } from '../texts/texts.ts';

/** The title of the page, as tabs and histories show it. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · ${texts.shell.name}`;
  }, [title]);
}
