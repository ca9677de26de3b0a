/** Triggers, and the pings of which no campaign could be made. Records are JSON. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import type { FailedPing, PingCounts, Trigger } from '../../model/trigger.ts';
import type { Store } from '../../ports/ports.ts';
import { nameIn } from '../cursor.ts';
import { firstOf } from '../sorted.ts';
import { type Client, unchanged } from './client.ts';
import { documentsOf } from './documents.ts';
import { newest } from './newest.ts';
import {
  BY_NAME,
  END,
  expiry,
  type FailedPingFields,
  isId,
  type Schema,
  type TriggerFields,
  timeAndId,
} from './schema.ts';

/** Failed calls deleted together with their trigger; any others expire. */
const DROPPED_TOGETHER = 400;

export function firestoreTriggers(
  client: Client,
  { triggers, failedPings }: Schema,
  retentionDays: number,
) {
  const find = async (collection: typeof triggers, id: string) => {
    const [found] = isId(id) ? await client.get([collection.doc(id)]) : [];
    return client.isLive(found) ? found : null;
  };
  const read = (found: DocumentSnapshot): Trigger & { counts: PingCounts } => ({
    ...(JSON.parse(found.get('record')) as Trigger),
    counts: { received: found.get('received'), forged: found.get('forged') },
  });
  const findPing = async (trigger: string, key: string) => {
    const found = await find(failedPings, key);
    const it = found && (JSON.parse(found.get('record')) as FailedPing);
    return found && it?.trigger === trigger ? { found, it } : null;
  };
  const listedOf = (it: FailedPing) =>
    `${it.trigger}${END}${timeAndId({ id: it.key, createdAt: it.at })}`;

  return {
    putTrigger: (trigger) =>
      client.write(async (writes) => {
        const found = await find(triggers, trigger.name);
        const { createdAt } = found ? read(found) : trigger;
        const put = { ...trigger, createdAt };
        const record = JSON.stringify(put);
        if (found) writes.update(found.ref, { record });
        else
          writes.create(triggers.doc(trigger.name), {
            ...{ record, received: 0, forged: 0 },
          } satisfies TriggerFields);
        return put;
      }),

    async getTrigger(name) {
      const found = await find(triggers, name);
      return found && read(found);
    },

    async listTriggers(after, limit) {
      const all = triggers.orderBy(BY_NAME).limit(limit + 1);
      const query = after === null ? all : all.startAfter(nameIn(after));
      const { items, more } = await firstOf(documentsOf(client, query), limit);
      return { items: items.map(read), next: more ? items.at(-1)!.id : null };
    },

    deleteTrigger: (name) =>
      client.write(async (writes, attempt) => {
        const found = await find(triggers, name);
        if (!found) return attempt > 1;
        const query = failedPings
          .orderBy('listed', 'desc')
          .startAfter(`${name}${END}${END}`)
          .endAt(`${name}${END}`)
          .limit(DROPPED_TOGETHER);
        const { docs } = await client.read(() => query.get());
        for (const it of docs) writes.delete(it.ref);
        writes.delete(found.ref, unchanged(found));
        return true;
      }),

    countPings: (name, { received, forged }) =>
      client.write(async (writes) => {
        const found = await find(triggers, name);
        if (!found) return;
        // a commit whose answer was lost may count twice: it is a statistic
        writes.update(found.ref, {
          received: FieldValue.increment(received),
          forged: FieldValue.increment(forged),
        });
      }),

    putFailedPing: (it) =>
      client.write(async (writes) => {
        if (await find(failedPings, it.key)) return;
        // not created: one that has expired may be there
        writes.set(failedPings.doc(it.key), {
          listed: listedOf(it),
          record: JSON.stringify(it),
          expireAt: expiry(it.at, retentionDays),
        } satisfies FailedPingFields);
      }),

    getFailedPing: async (trigger, key) => (await findPing(trigger, key))?.it ?? null,

    dropFailedPing: (trigger, key) =>
      client.write(async (writes) => {
        const ping = await findPing(trigger, key);
        if (ping) writes.delete(ping.found.ref);
      }),

    listFailedPings: async (trigger, after, limit) =>
      isId(trigger)
        ? newest<FailedPing>(client, failedPings, `${trigger}${END}`, after, limit)
        : { items: [], next: null },
  } satisfies Partial<Store>;
}
