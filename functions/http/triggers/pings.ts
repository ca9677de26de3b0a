/**
 * The door for pings: who knocks is checked, what is good is queued, and everybody gets the same
 * answer. Triggers are remembered for a while, so that a flood costs no reads; counts are added up
 * and written now and then, so that it costs few writes. After a name that is no trigger's the names
 * of all are remembered too, so that a flood of made-up names costs no reads either.
 */

import { setNewest } from '../../lib/bounded-map.ts';
import { pingTask } from '../../model/tasks.ts';
import type { PingCounts, Trigger } from '../../model/trigger.ts';
import type { Page, Ports } from '../../ports/ports.ts';
import { prove, type Received } from './proof.ts';

/** A trigger that was changed by another instance is verified as before that long, or not found. */
const KNOWN_MS = 10 * 1000;
/** With more triggers than that, each name that is none costs a read. */
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
  /** of all triggers; null: there are too many, or they could not be read */
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

  /** Never rejects: a ping is worth more than its being counted. */
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
    /** Throws where it cannot be queued: then it is not received, and comes again. */
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
      // nothing runs after an answer: what was not written goes with a later ping
      if (now() - it.countedAt >= COUNT_EVERY_MS) await count(name, it);
      return 'received';
    },

    /** It was changed, or is looked at: what was counted is written. */
    async forget(name: string) {
      names = null;
      const it = known.get(name);
      known.delete(name);
      if (it) await count(name, it);
    },
  };
}
