/** Lists of what is `listed` newest first. */

import type { Query } from '@google-cloud/firestore';
import type { Page } from '../../ports.ts';
import { firstOf } from '../sorted.ts';
import type { Client } from './client.ts';
import { documentsOf } from './documents.ts';
import { END } from './schema.ts';

/**
 * A page of a collection, or of what in it is listed under `begin`. The cursor is what the last item
 * is listed as, without that.
 */
export async function newest<T>(
  client: Client,
  all: Query,
  begin: string,
  after: string | null,
  limit: number,
): Promise<Page<T>> {
  const query = all
    .orderBy('listed', 'desc')
    .startAfter(`${begin}${after ?? END}`)
    .endAt(begin)
    .limit(limit + 1);
  const listed = documentsOf(client, query);
  const { items, more } = await firstOf(listed, limit);
  return {
    items: items.map((it) => JSON.parse(it.get('record')) as T),
    next: more ? items.at(-1)!.get('listed').slice(begin.length) : null,
  };
}
