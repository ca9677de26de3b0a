/**
 * Reads of documents that callers ask for at the same moment, in a few calls together. A call takes CPU
 * time of its own, about as much as ten small documents.
 */

import type { DocumentReference, DocumentSnapshot } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import type { Client } from './client.ts';

/** Documents of a call: lists of recipients, of up to 300 kB each. */
const TOGETHER = 25;
/** Calls under way. */
const AT_ONCE = 4;

interface Asked {
  ref: DocumentReference;
  resolve(found: DocumentSnapshot): void;
  reject(error: unknown): void;
}

/** The same client, whose `get` of whole documents waits for others that are asked for in the same turn. */
export function gathered(client: Client): Client {
  let asked: Asked[] = [];

  async function read(some: Asked[]) {
    try {
      const found = await client.get(some.map((it) => it.ref));
      for (const [i, it] of some.entries()) it.resolve(found[i]!);
    } catch (error) {
      for (const it of some) it.reject(error);
    }
  }

  function flush() {
    const all = asked;
    asked = [];
    void each(chunked(all, TOGETHER), AT_ONCE, read);
  }

  const one = (ref: DocumentReference) =>
    new Promise<DocumentSnapshot>((resolve, reject) => {
      if (asked.length === 0) setImmediate(flush);
      asked.push({ ref, resolve, reject });
    });

  return {
    ...client,
    get: (refs, fields) => (fields ? client.get(refs, fields) : Promise.all(refs.map(one))),
  };
}
