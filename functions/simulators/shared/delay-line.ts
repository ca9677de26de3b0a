/**
 * Passes each item on after its delay (ms), with one timer for all items: a timer for each answer would
 * cost more than the answer. It is a FIFO queue, so an item waits for earlier ones with longer delays.
 */
export function delayLine<T>(
  handOn: (item: T) => void,
  now: () => number = () => performance.now(),
) {
  let items: { item: T; at: number }[] = [];
  /** index of the first item that waits; items before it were passed on, and are dropped in bulk */
  let head = 0;
  let timer: NodeJS.Timeout | null = null;

  function run() {
    timer = null;
    const until = now();
    while (head < items.length && items[head]!.at <= until) handOn(items[head++]!.item);
    if (head > 1024 && head * 2 > items.length) {
      items = items.slice(head);
      head = 0;
    }
    wait();
  }

  function wait() {
    if (timer || head >= items.length) return;
    timer = setTimeout(run, Math.max(1, items[head]!.at - now()));
  }

  return {
    push(item: T, delayMs: number) {
      items.push({ item, at: now() + delayMs });
      wait();
    },
    clear() {
      if (timer) clearTimeout(timer);
      timer = null;
      items = [];
      head = 0;
    },
  };
}
