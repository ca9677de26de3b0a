/**
 * Audiences that came as a file. Its names come in any order, 5,000 at a time: those of one time that
 * lie in one part of the buckets are a document. To read them in order a part is read whole and
 * sorted: of 2,000,000 names that is 31,000.
 */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { each } from '../../lib/concurrency.ts';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Store } from '../../ports/ports.ts';
import { BATCHES_AT_ONCE, batches } from './batches.ts';
import { type Client, unchanged } from './client.ts';
import {
  BY_NAME,
  digest,
  END,
  expiryAt,
  isId,
  type NamesFields,
  type Schema,
  type UploadFields,
} from './schema.ts';

const PARTS = 64;
const partOf = (bucket: number) => Math.floor(bucket / (BUCKETS / PARTS));
/** A document holds 1 MiB, and a name may be a token of 4 KiB. */
const NAMES_TOGETHER = 150;

/** Names outlive their upload, in ms, so that a reader that has begun reads all of them. */
const NAMES_LONGER_MS = 24 * 60 * 60 * 1000;

interface Name {
  bucket: number;
  id: string;
}

const namesOf = (it: DocumentSnapshot): string[] => JSON.parse((it.data() as NamesFields).names);

const inOrder = (a: Name, b: Name) => a.bucket - b.bucket || (a.id < b.id ? -1 : 1);

export function firestoreUploads(client: Client, { upload: refOf, uploads, names }: Schema) {
  const prefixOf = (id: string, part: number) =>
    `${id}${END}${String(part).padStart(2, '0')}${END}`;

  /** Each once, in order. */
  async function namesIn(id: string, part: number): Promise<Name[]> {
    const start = prefixOf(id, part);
    const query = names.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
    const { docs } = await client.read(() => query.get());
    const all = new Set(docs.flatMap(namesOf));
    return Array.from(all, (it) => ({ bucket: bucketOf(it), id: it })).sort(inOrder);
  }

  return {
    async dropFromUploads(some: string[]) {
      const gone = new Set(some);
      const parts = new Set(some.map((it) => partOf(bucketOf(it))));
      // they expire after days, so there are few
      const { docs } = await client.read(() => uploads.select().get());
      for (const { id } of docs)
        for (const part of parts) {
          const start = prefixOf(id, part);
          const query = names.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
          const isNamed = (it: DocumentSnapshot) => namesOf(it).some((name) => gone.has(name));
          for (const { ref } of (await client.read(() => query.get())).docs.filter(isNamed))
            await client.write(async (writes) => {
              // as it is now: another user may be erased at the same time
              const [it] = await client.get([ref]);
              if (!it?.exists) return;
              const left = namesOf(it).filter((name) => !gone.has(name));
              writes.update(ref, { names: JSON.stringify(left) }, unchanged(it));
            });
        }
    },

    putUpload: ({ id, ...rest }) =>
      client.write(async (writes) => {
        const fields: UploadFields = { ...rest, expireAt: expiryAt(rest.expiresAt) };
        writes.set(refOf(id), fields);
      }),

    async getUpload(id) {
      const [found] = isId(id) ? await client.get([refOf(id)]) : [];
      if (!client.isLive(found)) return null;
      const { expireAt: _, ...rest } = found.data() as UploadFields;
      return { id, ...rest };
    },

    async addToUpload({ id, expiresAt }, some) {
      const documents = [...Map.groupBy(new Set(some), (it) => partOf(bucketOf(it)))].flatMap(
        ([part, those]) =>
          batches(those, NAMES_TOGETHER).map((group) => {
            const packed = JSON.stringify(group);
            // named by what it holds: who sends the same again writes the same again
            return { name: `${prefixOf(id, part)}${digest(packed)}`, packed };
          }),
      );
      await each(batches(documents), BATCHES_AT_ONCE, (group) =>
        client.write(async (writes) => {
          for (const { name, packed } of group)
            writes.set(names.doc(name), {
              names: packed,
              expireAt: expiryAt(expiresAt + NAMES_LONGER_MS),
            } satisfies NamesFields);
        }),
      );
    },

    async *readUpload(id, range, after, size) {
      if (!isId(id)) return;
      const start = after ?? { bucket: range.from, id: '' };
      let page: string[] = [];
      for (let part = partOf(start.bucket); part < PARTS; part++) {
        if (part * (BUCKETS / PARTS) >= range.to) break;
        for (const it of await namesIn(id, part)) {
          if (it.bucket >= range.to || inOrder(it, start) < 0 || it.id === start.id) continue;
          if (page.push(it.id) < size) continue;
          yield page;
          page = [];
        }
      }
      if (page.length > 0) yield page;
    },
  } satisfies Partial<Store> & Record<string, unknown>;
}
