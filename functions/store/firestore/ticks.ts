/** When the last tick was: one document. */

import type { Store } from '../../ports/ports.ts';
import type { Client } from './client.ts';
import type { Schema, TickFields } from './schema.ts';

export function firestoreTicks(client: Client, { lastTick }: Schema) {
  return {
    noteTick: (at) =>
      client.write(async (writes) => {
        writes.set(lastTick, { at } satisfies TickFields);
      }),

    async lastTick() {
      const [found] = await client.get([lastTick]);
      return found?.exists ? (found.data() as TickFields).at : null;
    },
  } satisfies Partial<Store>;
}
