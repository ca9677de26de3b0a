/** Lists of what is `listed` newest first. */

import type { Query } from '@google-cloud/firestore';
import type { Page } from '../../ports/ports.ts';
import { partsOf } from '../cursor.ts';
import { firstOf } from '../sorted.ts';
import type { Client } from './client.ts';
import { liveOf } from './documents.ts';
import { END } from './schema.ts';

/** As `timeAndId` makes it. */
const LISTED = /^(\d{4}-\d\d-\d\dT[\d:.]{12}Z~[\w.-]{1,200})$/;

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
    .startAfter(`${begin}${after === null ? END : partsOf(after, LISTED)[0]}`)
    .endAt(begin)
    .limit(limit + 1);
  const listed = liveOf(client, query);
  const { items, more } = await firstOf(listed, limit);
  return {
    items: items.map((it) => JSON.parse(it.get('record')) as T),
    next: more ? items.at(-1)!.get('listed').slice(begin.length) : null,
  };
}
