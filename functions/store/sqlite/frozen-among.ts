/** Which of some installations a campaign has frozen already: the pages where their buckets lie are looked through. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { bucketOf } from '../../model/bucket.ts';
import type { Shard } from '../../model/chunk.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { searchPages } from '../bucket-search.ts';
import { idsIn } from '../recipients.ts';
import { createPages } from './shard-pages.ts';
import { type ShardRow, toShard } from './shards.ts';

/** To look for so many ids in a text takes as long as to take it apart. */
const FEW = 16;

export const sqliteFrozenAmong = (db: Database) =>
  ({
    async frozenAmong(campaignId, ids, waves) {
      const found = new Set<string>();
      if (ids.length === 0) return found;
      const sought = ids.map((id) => ({ id, bucket: bucketOf(id) }));
      for (const shard of shardsOf(db, campaignId)) {
        if (!shard.wave || !waves.includes(shard.wave.index)) continue;
        const within = sought.filter(({ bucket }) => bucket >= shard.from && bucket < shard.to);
        if (within.length === 0 || shard.pages === 0) continue;
        for (const id of await foundIn(db, shard, within)) found.add(id);
        await nextTurn();
      }
      return found;
    },
  }) satisfies Partial<Store>;

interface Sought {
  id: string;
  bucket: number;
}

const shardsOf = ({ sql }: Database, campaignId: string) =>
  sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ? ORDER BY idx')
    .all(campaignId)
    .map(toShard);

async function foundIn(db: Database, shard: Shard, sought: Sought[]): Promise<string[]> {
  const pages = createPages<{ packed: string }>(db, shard, 'packed');
  for (const { bucket } of sought) await searchPages(shard, bucket, pages);
  return pages.entries().flatMap(([page, lists]) => {
    const edges = pages.edgesOf(page);
    const near = sought.filter(
      ({ bucket }) => edges === null || (bucket >= edges.from && bucket <= edges.to),
    );
    const ids = new Set(near.map((it) => it.id));
    return lists.flatMap(({ packed }) => among(packed, ids));
  });
}

function among(packed: string, ids: ReadonlySet<string>): string[] {
  if (ids.size > FEW) return idsIn(packed).filter((id) => ids.has(id));
  // a longer id may have it as a part
  const may = [...ids].filter((id) => packed.includes(id));
  return may.length > 0 ? idsIn(packed).filter((id) => may.includes(id)) : [];
}
