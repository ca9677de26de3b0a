/**
 * What pages know of installations that are to be removed: enough to delete them without reading them. A row
 * has the version of its document, so a delete under the condition that it still is that version is right
 * whatever has happened to the page since; it fails where the document has changed.
 */

import { bucketOf } from '../../../model/bucket.ts';
import { FORMAT, type PageRow, unpacked } from '../pages/codec.ts';
import { indexOf } from '../pages/layout.ts';
import type { LayoutFields, PageFields } from '../schema.ts';
import { KEPT_MS } from './marker.ts';
import type { Registry } from './registry.ts';

/** For fewer, a page costs more than it saves. */
const [FEWEST, FEWEST_OF_PAGE] = [5, 2];
const FIELDS = new Set(['userId', 'refreshedAt', 'version']);

export type KnownRow = PageRow & { version: number };

/**
 * The rows of those whose documents have probably not changed since, by their ids. One that has registered
 * in the week before may have again, without a marker: its page would not know.
 */
export async function knownRows(
  { client, schema }: Registry,
  app: string,
  ids: string[],
): Promise<ReadonlyMap<string, KnownRow>> {
  const known = new Map<string, KnownRow>();
  if (ids.length < FEWEST) return known;
  const [layout] = await client.get([schema.layout(app)]);
  if (!layout?.exists) return known;
  const { level } = layout.data() as LayoutFields;
  const wanted = [...Map.groupBy(ids, (it) => indexOf(level, bucketOf(it)))].filter(
    ([, some]) => some.length >= FEWEST_OF_PAGE,
  );
  const pages = await client.get(
    wanted.map(([index]) => schema.page(app, level, index)),
    ['format', 'n', 'rows'],
  );
  for (const [i, page] of pages.entries()) {
    const { format, n, rows } = (page.data() ?? {}) as Partial<PageFields>;
    if (format !== FORMAT || !rows) continue;
    const sought = new Set(wanted[i]![1]);
    const before = client.readAt(page) - KEPT_MS;
    for (const it of unpacked(rows, n!, FIELDS) ?? [])
      if (sought.has(it.id) && it.version !== undefined && it.refreshedAt < before)
        known.set(it.id, it as KnownRow);
  }
  return known;
}
