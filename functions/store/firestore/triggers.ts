/** Inbound webhooks. Their failed calls are in failed-pings.ts. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import type { PingCounts, Trigger } from '../../model/trigger.ts';
import type { Store } from '../../ports/ports.ts';
import { nameIn } from '../cursor.ts';
import { firstOf } from '../sorted.ts';
import { type Client, unchanged } from './client.ts';
import { documentsOf, findDocument } from './documents.ts';
import { firestoreFailedPings, someFailed } from './failed-pings.ts';
import { BY_NAME, type Schema, type TriggerFields } from './schema.ts';

/** Failed calls deleted together with their trigger; any others expire. */
const DROPPED_TOGETHER = 400;

interface Context {
  client: Client;
  schema: Pick<Schema, 'triggers' | 'failedPings'>;
  retentionDays: number;
}

export function firestoreTriggers(context: Context) {
  const { client, schema } = context;
  return {
    ...firestoreFailedPings(context),

    putTrigger: (trigger) => putTrigger(context, trigger),

    async getTrigger(name) {
      const found = await findTrigger(context, name);
      return found && toTrigger(found);
    },

    async listTriggers(after, limit) {
      const all = schema.triggers.orderBy(BY_NAME).limit(limit + 1);
      const query = after === null ? all : all.startAfter(nameIn(after));
      const { items, more } = await firstOf(documentsOf(client, query), limit);
      return { items: items.map(toTrigger), next: more ? items.at(-1)!.id : null };
    },

    deleteTrigger: (name) =>
      client.write(async (writes, attempt) => {
        const found = await findTrigger(context, name);
        if (!found) return attempt > 1;
        for (const it of await someFailed(context, name, DROPPED_TOGETHER)) writes.delete(it.ref);
        writes.delete(found.ref, unchanged(found));
        return true;
      }),

    countPings: (name, { received, forged }) =>
      client.write(async (writes) => {
        const found = await findTrigger(context, name);
        if (!found) return;
        // a commit whose answer was lost may count twice: it is a statistic
        writes.update(found.ref, {
          received: FieldValue.increment(received),
          forged: FieldValue.increment(forged),
        });
      }),
  } satisfies Partial<Store>;
}

/** No query looks into a record, so it is JSON. */
const toTrigger = (found: DocumentSnapshot): Trigger & { counts: PingCounts } => ({
  ...(JSON.parse(found.get('record')) as Trigger),
  counts: { received: found.get('received'), forged: found.get('forged') },
});

const findTrigger = ({ client, schema }: Context, name: string) =>
  findDocument(client, schema.triggers, name);

const putTrigger = (context: Context, trigger: Trigger) =>
  context.client.write(async (writes) => {
    const found = await findTrigger(context, trigger.name);
    const { createdAt } = found ? toTrigger(found) : trigger;
    const put = { ...trigger, createdAt };
    const record = JSON.stringify(put);
    if (found) writes.update(found.ref, { record });
    else {
      const fields: TriggerFields = { record, received: 0, forged: 0 };
      writes.create(context.schema.triggers.doc(trigger.name), fields);
    }
    return put;
  });
