/** Documents: the one of a name, or those of a query in pages; an empty page ends them (see `pagesOf`). */

import type { CollectionReference, DocumentSnapshot, Query } from '@google-cloud/firestore';
import { pagesOf } from '../sorted.ts';
import type { Client } from './client.ts';
import { isId } from './schema.ts';

/** Null if there is no such document, or it has expired. `id` may be any text. */
export async function findDocument(
  client: Client,
  collection: CollectionReference,
  id: string,
): Promise<DocumentSnapshot | null> {
  const [found] = isId(id) ? await client.get([collection.doc(id)]) : [];
  return client.isLive(found) ? found : null;
}

/**
 * `query` has an order, whose field it selects, and is limited to a page; it may start anywhere. With
 * `ahead` the next page is under way while one is used.
 */
export function documentsOf(
  client: Client,
  query: Query,
  ahead = false,
): AsyncGenerator<DocumentSnapshot[]> {
  const read = async (last: DocumentSnapshot | null) => {
    // not by its value: several may have the same
    const next = last ? query.startAfter(last) : query;
    return (await client.read(() => next.get())).docs;
  };
  return pagesOf<DocumentSnapshot>(read, ahead);
}

/** The same, without those that have expired. */
export async function* liveOf(client: Client, query: Query): AsyncGenerator<DocumentSnapshot[]> {
  for await (const page of documentsOf(client, query)) {
    const live = page.filter(client.isLive);
    if (live.length > 0) yield live;
  }
}
