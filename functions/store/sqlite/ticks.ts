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
      const row = sql('SELECT at FROM ticks').get();
      return row ? (row.at as number) : null;
    },
  } satisfies Partial<Store>;
}
