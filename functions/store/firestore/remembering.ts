/** A client that keeps documents which do not change any more. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { setNewest } from '../../lib/bounded-map.ts';
import type { Client } from './client.ts';

/**
 * Reads what is final once: of the documents for which `isFinal` is true it keeps the `most` that were asked for
 * last, each with the fields that were asked for.
 */
export function remembering(
  client: Client,
  { isFinal, most }: { isFinal(found: DocumentSnapshot): boolean; most: number },
): Client {
  const known = new Map<string, DocumentSnapshot>();
  return {
    ...client,
    async get(refs, fields) {
      const names = refs.map((it) => `${it.path} ${fields?.join()}`);
      const kept = names.map((it) => known.get(it));
      const read = await client.get(
        refs.filter((_, i) => !kept[i]),
        fields,
      );
      const all = kept.map((it) => it ?? read.shift()!);
      for (const [i, it] of all.entries()) if (isFinal(it)) setNewest(known, names[i]!, it, most);
      return all;
    },
  };
}
