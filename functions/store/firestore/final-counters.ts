/**
 * Counters that are not written any more. A process that follows a campaign reads them once, and not with
 * each look at its progress: Firestore bills each document of each look.
 *
 * A planned shard gets no more chunks, and the number of a chunk in its shard says where it counts. So it is
 * known how many chunks each counter gets; once all of them have ended, it is final. A commit of a chunk that has
 * ended is fenced, and an erasure then changes no count.
 */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { setNewest } from '../../lib/bounded-map.ts';
import type { Context } from './context.ts';
import { type Counter, chunksIn, countersOf, type Span } from './counters.ts';
import type { ShardFields } from './schema.ts';

/** Campaigns in memory, each with at most some hundred counters. One that was dropped is read whole again. */
const REMEMBERED = 100;
/** Final counters that follow each other, from which on they are left out: a query that finds none costs a read. */
const LEAST_LEFT_OUT = 2;

/** Final counters that follow each other, in the order of names. */
type Run = [Counter, ...Counter[]];

export function finalCounters(context: Pick<Context, 'client' | 'schema'>) {
  const known = new Map<string, Run[]>();
  return {
    /** All counters of a campaign: read now, or final. */
    async of(campaignId: string): Promise<Counter[]> {
      const runs = known.get(campaignId) ?? [];
      const read = await Promise.all(
        spansBetween(runs).map((it) => countersOf(context, campaignId, null, it)),
      );
      return [...runs, ...read].flat();
    },

    /** Notes which of these are final; `shards` were read after them. */
    note(campaignId: string, shards: DocumentSnapshot[], counters: Counter[]) {
      const runs = runsOf(
        shards.map((it) => it.data() as ShardFields),
        counters,
      );
      if (runs.length > 0) setNewest(known, campaignId, runs, REMEMBERED);
      else known.delete(campaignId);
    },
  };
}

/** What lies in front of, between and behind the runs. */
const spansBetween = (runs: Run[]): Span[] =>
  [...runs, null].map((it, i) => ({ after: runs[i - 1]?.at(-1) ?? null, before: it?.[0] ?? null }));

function runsOf(shards: ShardFields[], counters: Counter[]): Run[] {
  const runs: Run[] = [];
  for (const shard of shards.filter((it) => it.planned && !it.closed)) {
    const own = new Map(
      counters.flatMap((it) => (it.shard === shard.index ? [[it.slot, it]] : [])),
    );
    const used = Math.min(shard.slots ?? 0, shard.chunks);
    let run: Counter[] = [];
    for (let slot = 1; slot <= used + 1; slot++) {
      const counter = own.get(slot);
      if (counter && counter.chunksDone === chunksIn(slot, shard)) {
        run.push(counter);
        continue;
      }
      const [first, ...more] = run;
      if (first && run.length >= LEAST_LEFT_OUT) runs.push([first, ...more]);
      run = [];
    }
  }
  return runs;
}
