import { signal } from '@preact/signals';
import { serverNow } from '../api/client.ts';
import { ago, dateTime } from '../format.ts';

/** Counts up, so that relative times are written again. */
const tick = signal(0);
const EVERY_MS = 30_000;
setInterval(() => {
  if (document.visibilityState === 'visible') tick.value += 1;
}, EVERY_MS);

/** The server's clock, in ms since the epoch; what is shown by it is written again as it goes on. */
export function nowShown(): number {
  tick.value;
  return serverNow();
}

/** `at`: as the API writes times. Shown relative to the server's clock, with the date in its title. */
export function Time({ at }: { at: string }) {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={dateTime(ms)}>
      {ago(ms, nowShown())}
    </time>
  );
}
