/** What calls would be billed as: documents read, written and deleted, by collection. */

import type { FirestoreProxy } from './proxy.ts';

export interface Costs {
  reads: Record<string, number>;
  writes: Record<string, number>;
  deletes: Record<string, number>;
}

/** The cost of everything since the last call. */
export function takeCosts({ calls }: FirestoreProxy): Costs {
  const costs: Costs = { reads: {}, writes: {}, deletes: {} };
  const count = (kind: keyof Costs, collections: string[]) => {
    for (const it of collections) costs[kind][it] = (costs[kind][it] ?? 0) + 1;
  };
  for (const call of calls.splice(0)) {
    count('reads', call.reads);
    // a commit that fails writes nothing
    if (call.code === 0) count('writes', call.writes);
    if (call.code === 0) count('deletes', call.deletes);
  }
  return costs;
}

export const total = (counts: Record<string, number>) =>
  Object.values(counts).reduce((sum, it) => sum + it, 0);

/** One line for a table. */
export const summary = ({ reads, writes, deletes }: Costs) =>
  `${total(reads)} reads, ${total(writes)} writes, ${total(deletes)} deletes`;
