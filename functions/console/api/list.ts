/** A list of the API: its first page, and the following ones as they are asked for. */

import { useSignal } from '@preact/signals';
import { api, type Problem, pathWith } from './client.ts';
import { useResource } from './resource.ts';

interface Page<T> {
  items: T[];
  next: string | null;
}

export interface List<T> {
  /** null before the first page came */
  items: T[] | null;
  problem: Problem | null;
  /** reads the following page; null: there is none */
  more: (() => Promise<void>) | null;
  /** replaces items that are shown */
  change(map: (item: T) => T): void;
  /** begins again at the first page */
  reload(): Promise<void>;
}

interface Options {
  limit?: number;
  /** ms between calls while only the first page is shown */
  everyMs?: number;
}

/** `path` null: nothing is read yet. */
export function useList<T>(path: string | null, { limit = 50, everyMs }: Options = {}): List<T> {
  const later = useSignal<Page<T>[]>([]);
  const failed = useSignal<Problem | null>(null);
  const first = useResource<Page<T>>(path && pathWith(path, { limit }), {
    everyMs: () => (later.peek().length > 0 ? null : (everyMs ?? null)),
  });
  const last = later.value.at(-1) ?? first.value.value;
  const after = last?.next ?? null;
  const more = async () => {
    const answer = await api.get<Page<T>>(pathWith(path!, { limit, after: after! }));
    failed.value = answer.ok ? null : answer.problem;
    if (answer.ok) later.value = [...later.peek(), answer.value];
  };
  const mapped = (page: Page<T>, map: (item: T) => T) => ({ ...page, items: page.items.map(map) });
  return {
    items: first.value.value && [first.value.value, ...later.value].flatMap((it) => it.items),
    problem: first.problem.value ?? failed.value,
    more: after === null ? null : more,
    change(map) {
      if (first.value.value) first.value.value = mapped(first.value.value, map);
      later.value = later.peek().map((page) => mapped(page, map));
    },
    async reload() {
      later.value = [];
      await first.reload();
    },
  };
}
