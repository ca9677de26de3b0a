/** A store and a queue that die before and after their work, and lose tasks, while `deadly` says so. */

import type { FrozenPage, Queue, Store } from '../../../../functions/ports/ports.ts';
import type { chance } from '../../../contracts/store-fixture.ts';

const KILLED = 'killed';

export interface Deadly {
  isDeadly: boolean;
}

/** A death is survived: the task is delivered again, or the sweep finds its work. */
export async function survive(run: () => Promise<unknown>) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Error && error.message === KILLED)) throw error;
  }
}

type Chance = ReturnType<typeof chance>;

const dying =
  ({ below }: Chance, deadly: Deadly) =>
  (share: number) => {
    if (deadly.isDeadly && below(share) === 0) throw new Error(KILLED);
  };

/** Small pages, and where `isLarge` several shards in each wave. `note` gets each page that is frozen. */
export function deadlyStore(
  store: Store,
  chance: Chance,
  deadly: Deadly,
  { isLarge, note }: { isLarge: boolean; note: (page: FrozenPage) => void },
): Store {
  const die = dying(chance, deadly);
  const dies =
    <A extends unknown[], R>(run: (...args: A) => Promise<R>, share = 30) =>
    async (...args: A): Promise<R> => {
      die(share);
      const result = await run(...args);
      die(share);
      return result;
    };
  return {
    ...store,
    ...(isLarge && { estimateAudience: async () => 250_000 }),
    async *streamAudience(read) {
      yield* store.streamAudience({ ...read, size: Math.min(read.size, 13) });
    },
    freezePage: dies(async (page) => {
      const frozen = await store.freezePage(page);
      if (frozen.kind === 'frozen') note(page);
      return frozen;
    }, 20),
    startCampaign: dies(store.startCampaign),
    frozenAmong: dies(store.frozenAmong),
    openShards: dies(store.openShards),
    noteTasks: dies(store.noteTasks),
    moveChunks: dies(store.moveChunks),
    redriven: dies(store.redriven),
  };
}

export function deadlyQueue(queue: Queue, chance: Chance, deadly: Deadly): Queue {
  const die = dying(chance, deadly);
  const isKept = () => !deadly.isDeadly || chance.below(40) > 0;
  return {
    ...queue,
    async create(tasks) {
      die(30);
      await queue.create(tasks.filter((it) => it.body.kind === 'event' || isKept()));
    },
  };
}
