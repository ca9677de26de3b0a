/** The segments of the app: read when a condition names one. */

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { SegmentView } from '../../../../http/segments.ts';
import { api, pathWith } from '../../../api/client.ts';
import { useCompose } from '../parts.tsx';

/** Names by app, the first hundred of each: others can be typed. */
const known = signal<Record<string, string[]>>({});

export function useSegments(isNeeded: boolean): string[] {
  const { app } = useCompose().draft.value;
  useEffect(() => {
    if (isNeeded) void readSegments(app);
  }, [app, isNeeded]);
  return known.value[app] ?? [];
}

export async function readSegments(app: string) {
  if (app === '') return;
  const path = pathWith('/v1/segments', { app, limit: 100 });
  const answer = await api.get<{ items: SegmentView[] }>(path);
  if (answer.ok)
    known.value = { ...known.value, [app]: answer.value.items.map(({ name }) => name) };
}
