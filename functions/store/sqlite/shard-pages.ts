/** The pages of a shard, read by their numbers: the packed recipients of their chunks. */

import type { Shard } from '../../model/chunk.ts';
import type { Database } from '../../sqlite/database.ts';
import { edgesIn } from '../bucket-search.ts';

/**
 * For `searchPages`. `columns` are those of `chunk_recipients` that are read, as `List`. `.` is before `/`: the
 * ids of a page's chunks lie between.
 */
export function createPages<List extends { packed: string }>(
  { sql }: Database,
  shard: Shard,
  columns: string,
) {
  const pages = new Map<number, List[]>();
  /** of pages that were read: to find them takes as long as to read a page */
  const edges = new Map<number, ReturnType<typeof edgesIn>>();
  const read = (page: number) => {
    const begin = `${shard.campaignId}.${shard.index}.${page}`;
    return sql<List>(
      `SELECT ${columns} FROM chunk_recipients WHERE chunk_id > ? AND chunk_id < ?`,
    ).all(`${begin}.`, `${begin}/`);
  };
  return {
    async read(wanted: number[]) {
      for (const page of wanted)
        if (!pages.has(page) && page >= 0 && page < shard.pages) pages.set(page, read(page));
    },
    edgesOf(page: number) {
      let found = edges.get(page);
      if (found === undefined) {
        const lists = (pages.get(page) ?? []).map((it) => it.packed);
        found = edgesIn(shard, lists);
        edges.set(page, found);
      }
      return found;
    },
    lists: () => [...pages.values()].flat(),
    /** The pages that were read. */
    entries: () => [...pages.entries()],
  };
}
