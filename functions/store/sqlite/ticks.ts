/** When the last tick was. */

import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';

export function sqliteTicks({ sql }: Database) {
  return {
    // a power cut may lose it: the next tick is ten seconds away
    noteTick: async (at) => {
      sql('INSERT OR REPLACE INTO ticks (id, at) VALUES (1, ?)').run(at);
    },

    async lastTick() {
      return sql<{ at: number }>('SELECT at FROM ticks').get()?.at ?? null;
    },
  } satisfies Partial<Store>;
}
