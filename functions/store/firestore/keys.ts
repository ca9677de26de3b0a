/** API keys: found by their hash at every call, and few. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { ApiKey, Scope } from '../../model/key.ts';
import type { Store } from '../../ports/ports.ts';
import { type Client, unchanged } from './client.ts';
import { BY_NAME, type KeyFields, type Schema } from './schema.ts';

export function firestoreKeys(client: Client, { keys, key: refOf }: Schema) {
  return {
    async putKey({ hash, ...fields }) {
      await client.write(async (writes) => {
        writes.set(refOf(hash), fields satisfies KeyFields);
      });
    },

    async findKey(hash) {
      const [found] = await client.get([refOf(hash)]);
      return found?.exists ? toKey(found) : null;
    },

    async listKeys() {
      const { docs } = await client.read(() => keys.orderBy(BY_NAME).get());
      return docs.map(toKey);
    },

    deleteKey: (hash) =>
      client.write(async (writes, attempt) => {
        const [found] = await client.get([refOf(hash)]);
        if (!found?.exists) return attempt > 1;
        writes.delete(found.ref, unchanged(found));
        return true;
      }),
  } satisfies Partial<Store>;
}

function toKey(found: DocumentSnapshot): ApiKey {
  const { scopes, ...rest } = found.data() as KeyFields;
  return { hash: found.id, ...rest, scopes: scopes as Scope[] };
}
