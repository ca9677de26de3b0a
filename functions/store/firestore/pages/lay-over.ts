/**
 * What has changed since a page, laid over it. What was found as changed is as it is now; of the rest
 * of the page, what is gone is left out.
 */

import { bucketOf } from '../../../model/bucket.ts';
import type { PageRow } from './codec.ts';

export interface Changed {
  bucket: number;
  /** its marker (ms) */
  at: number;
  /** null: it has opted out */
  row: PageRow | null;
}

export interface Overlay {
  /** by id; all lie in the page's range */
  changed: ReadonlyMap<string, Changed>;
  /** by id: its marker (ms) */
  gone: ReadonlyMap<string, number>;
}

/** `page` is in the order of (bucket, id), and so is what is given. */
export function laidOver(page: PageRow[], { changed, gone }: Overlay): PageRow[] {
  if (changed.size === 0 && gone.size === 0) return page;
  const kept = page.filter((it) => !changed.has(it.id) && !gone.has(it.id));
  const added = [...changed.values()]
    .filter((it): it is Changed & { row: PageRow } => it.row !== null)
    .sort((a, b) => a.bucket - b.bucket || (a.row.id < b.row.id ? -1 : 1));
  const rows: PageRow[] = [];
  let from = 0;
  for (const { bucket, row } of added) {
    const to = positionOf(kept, from, bucket, row.id);
    for (let i = from; i < to; i++) rows.push(kept[i]!);
    rows.push({ ...row });
    from = to;
  }
  for (let i = from; i < kept.length; i++) rows.push(kept[i]!);
  return rows;
}

/** The first of the rows from `low` on that comes after (bucket, id). */
function positionOf(rows: PageRow[], low: number, bucket: number, id: string): number {
  let high = rows.length;
  let first = low;
  while (first < high) {
    const middle = (first + high) >>> 1;
    const other = rows[middle]!.id;
    const at = bucketOf(other);
    if (at < bucket || (at === bucket && other <= id)) first = middle + 1;
    else high = middle;
  }
  return first;
}
