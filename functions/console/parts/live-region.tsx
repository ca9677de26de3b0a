import { signal } from '@preact/signals';

const polite = signal('');

/** ms between two announcements: more often, a screen reader does not get to its end. */
const EVERY_MS = 5_000;
let next: string | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;

/** Reads a sentence to people who do not see the page; of several within 5 s, the last. */
export function announce(text: string) {
  if (timer !== null) {
    next = text;
    return;
  }
  polite.value = text;
  timer = setTimeout(() => {
    timer = null;
    if (next !== null) announce(next);
    next = null;
  }, EVERY_MS);
}

export const LiveRegion = () => (
  <p class="unseen" role="status">
    {polite}
  </p>
);
