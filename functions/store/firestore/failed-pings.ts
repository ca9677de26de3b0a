/** Calls of inbound webhooks of which no campaign could be made. */

import type { FailedPing } from '../../model/trigger.ts';
import type { Store } from '../../ports/ports.ts';
import type { Client } from './client.ts';
import { findDocument } from './documents.ts';
import { newest } from './newest.ts';
import { END, expiry, type FailedPingFields, isId, type Schema, timeAndId } from './schema.ts';

interface Context {
  client: Client;
  schema: Pick<Schema, 'failedPings'>;
  retentionDays: number;
}

export function firestoreFailedPings(context: Context) {
  const { client, schema } = context;
  return {
    putFailedPing: (it) =>
      client.write(async (writes) => {
        if (await findDocument(client, schema.failedPings, it.key)) return;
        // not created: one that has expired may be there
        writes.set(schema.failedPings.doc(it.key), {
          listed: listedOf(it),
          record: JSON.stringify(it),
          expireAt: expiry(it.at, context.retentionDays),
        } satisfies FailedPingFields);
      }),

    getFailedPing: async (trigger, key) => (await findOf(context, trigger, key))?.ping ?? null,

    dropFailedPing: (trigger, key) =>
      client.write(async (writes) => {
        const it = await findOf(context, trigger, key);
        if (it) writes.delete(it.found.ref);
      }),

    listFailedPings: async (trigger, after, limit) =>
      isId(trigger)
        ? newest<FailedPing>(client, schema.failedPings, `${trigger}${END}`, after, limit)
        : { items: [], next: null },
  } satisfies Partial<Store>;
}

/** The documents of a trigger's failed calls, newest first. */
export async function someFailed({ client, schema }: Context, name: string, limit: number) {
  const query = schema.failedPings
    .orderBy('listed', 'desc')
    .startAfter(`${name}${END}${END}`)
    .endAt(`${name}${END}`)
    .limit(limit);
  return (await client.read(() => query.get())).docs;
}

const listedOf = (it: FailedPing) =>
  `${it.trigger}${END}${timeAndId({ id: it.key, createdAt: it.at })}`;

/** Null if it is another trigger's. */
async function findOf({ client, schema }: Context, trigger: string, key: string) {
  const found = await findDocument(client, schema.failedPings, key);
  const ping = found && (JSON.parse(found.get('record')) as FailedPing);
  return found && ping?.trigger === trigger ? { found, ping } : null;
}
