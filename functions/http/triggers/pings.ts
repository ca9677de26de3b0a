/**
 * Receives inbound webhooks: verifies each and queues those that are genuine. All callers get the same
 * answer. Triggers are cached for a short time, so that a flood costs no reads; counts are added up and
 * written at intervals, so that it costs few writes. After a call with an unknown name the names of all
 * triggers are cached too, so that a flood of invented names costs no reads either.
 */

import { setNewest } from '../../lib/bounded-map.ts';
import { pingTask } from '../../model/tasks.ts';
import type { PingCounts, Trigger } from '../../model/trigger.ts';
import type { Page, Ports } from '../../ports/ports.ts';
import { prove, type Received } from './proof.ts';

/** Cache TTL of triggers; a change by another instance takes effect after that long. */
const KNOWN_MS = 10 * 1000;
/** Triggers in the cache. With more triggers than that, each unknown name costs a read. */
const MAX_KNOWN = 1000;
const NAMES_A_PAGE = 100;
const COUNT_EVERY_MS = 1000;

interface Known {
  trigger: Promise<Trigger | null>;
  until: number;
  counts: PingCounts;
  countedAt: number;
}

export function createPingDoor({ store, queue, log, now }: Ports) {
  const known = new Map<string, Known>();
  /** the names of all triggers; null: too many of them, or they could not be read */
  let names: { all: Promise<Set<string> | null>; until: number } | null = null;

  async function readNames(): Promise<Set<string> | null> {
    const all = new Set<string>();
    for (let after: string | null = null; ; ) {
      const { items, next }: Page<Trigger> = await store.listTriggers(after, NAMES_A_PAGE);
      for (const it of items) all.add(it.name);
      if (next === null) return all;
      if (all.size >= MAX_KNOWN) return null;
      after = next;
    }
  }

  async function mayExist(name: string): Promise<boolean> {
    if (names === null || names.until <= now()) return true;
    return (await names.all)?.has(name) ?? true;
  }

  function find(name: string): Known {
    const earlier = known.get(name);
    if (earlier && earlier.until > now()) return earlier;
    const it: Known = {
      trigger: store.getTrigger(name),
      until: now() + KNOWN_MS,
      counts: earlier?.counts ?? { received: 0, forged: 0 },
      countedAt: earlier?.countedAt ?? 0,
    };
    const dropped = setNewest(known, name, it, MAX_KNOWN);
    if (dropped) void count(...dropped);
    return it;
  }

  /** Writes the counts. Never rejects: a webhook is worth more than its count. */
  async function count(name: string, it: Known) {
    const { counts } = it;
    if (counts.received + counts.forged === 0) return;
    it.counts = { received: 0, forged: 0 };
    it.countedAt = now();
    await store
      .countPings(name, counts)
      .catch((error) => log.unexpected({ where: 'counting pings', error }));
  }

  return {
    /** Throws if it cannot be queued: then it counts as not received, and the caller sends it again. */
    async receive(name: string, received: Received): Promise<'received' | 'missing'> {
      if (!known.has(name) && !(await mayExist(name))) return 'missing';
      const it = find(name);
      let trigger: Trigger | null;
      try {
        trigger = await it.trigger;
      } catch (error) {
        known.delete(name);
        throw error;
      }
      if (!trigger) {
        known.delete(name);
        if (names === null || names.until <= now())
          names = { all: readNames().catch(() => null), until: now() + KNOWN_MS };
        return 'missing';
      }
      const proven = prove(trigger.proof, received, now());
      it.counts[proven ? 'received' : 'forged'] += 1;
      if (proven) {
        const body = Buffer.from(proven.body).toString('base64');
        await queue.create([pingTask({ trigger: name, body, id: proven.id, at: now() })]);
      }
      // a function does not run after its answer: counts that are left are written with a later call
      if (now() - it.countedAt >= COUNT_EVERY_MS) await count(name, it);
      return 'received';
    },

    /** Drops a trigger from the cache, because it was changed or is read. Writes its counts. */
    async forget(name: string) {
      names = null;
      const it = known.get(name);
      known.delete(name);
      if (it) await count(name, it);
    },
  };
}

export type PingDoor = ReturnType<typeof createPingDoor>;
