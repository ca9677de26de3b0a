/**
 * Hands each item on after its delay, with one timer for all of them: a timer for every answer
 * would cost a simulator more than the answer. First in, first out, so an item behind one with a
 * longer delay waits for it.
 */
export function delayLine<T>(
  handOn: (item: T) => void,
  now: () => number = () => performance.now(),
) {
  let items: { item: T; at: number }[] = [];
  /** items before it are gone; they are dropped in bulk */
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
