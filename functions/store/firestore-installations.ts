/** Installations: put, get, delete, forget. */

import type { DocumentReference, Transaction } from '@google-cloud/firestore';
import type { ChunkCommit, Store } from '../ports.ts';
import { each, inGroupsOf } from './each.ts';
import { type Client, unchanged } from './firestore-client.ts';
import {
  fromInstallation,
  type InstallationFields,
  type Schema,
  toInstallation,
} from './firestore-schema.ts';
import { lastOfEach } from './last-of-each.ts';

/** Alternatives of one `in`. */
const MAX_IN = 30;
/** Installations in one transaction, and how many of those at once. */
const TOGETHER = 300;
const AT_ONCE = 4;
/** A request holds 10 MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

export function firestoreInstallations(client: Client, schema: Schema) {
  const { installations, installation } = schema;

  /**
   * The tokens are looked up in the transaction: Firestore sees to it that nobody else gives one of
   * them to another installation meanwhile.
   */
  async function put(writes: Transaction, rows: Row[], names: Set<string>) {
    const others = await Promise.all(
      inGroupsOf(MAX_IN, rows).map((some) =>
        writes.get(
          installations
            .where(
              'tokenHash',
              'in',
              some.map((it) => it.fields.tokenHash),
            )
            .select(),
        ),
      ),
    );
    for (const { ref } of others.flatMap((it) => it.docs))
      if (!names.has(ref.id)) writes.delete(ref);
    for (const it of rows) writes.set(it.ref, it.fields);
  }

  const verbs = {
    /** In several transactions: if it throws, some may be stored; to put them all again is safe. */
    async putInstallations(batch) {
      const rows = lastOfEach(batch).map((it) => ({
        ref: installation(it.app, it.id),
        fields: fromInstallation(it),
      }));
      const names = new Set(rows.map((it) => it.ref.id));
      await each(together(rows), AT_ONCE, (some) =>
        client.write((writes) => put(writes, some, names)),
      );
    },

    async getInstallation(app, id) {
      const [found] = await client.get([installation(app, id)]);
      return found?.exists ? toInstallation(app, id, found.data() as InstallationFields) : null;
    },

    deleteInstallation: (app, id) =>
      client.write(async (writes) => {
        const [found] = await client.get([installation(app, id)], ['provider']);
        if (!found?.exists) return false;
        writes.delete(found.ref, unchanged(found));
        return true;
      }),
  } satisfies Partial<Store>;

  /** Only the one that was told dead, and only if it has not registered since. */
  async function forget(writes: Transaction, app: string, dead: ChunkCommit['forget']) {
    const refs = dead.map((it) => installation(app, it.installationId));
    const found = await client.get(refs, ['token', 'refreshedAt']);
    for (const [index, it] of found.entries()) {
      const { token, since } = dead[index]!;
      if (it.exists && it.get('token') === token && it.get('refreshedAt') <= since)
        writes.delete(it.ref, unchanged(it));
    }
  }

  return { ...verbs, forget };
}

interface Row {
  ref: DocumentReference;
  fields: InstallationFields;
}

function together(rows: Row[]): Row[][] {
  const groups: Row[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = JSON.stringify(row.fields).length;
    const group = groups.at(-1);
    if (!group || group.length === TOGETHER || bytes + size > MAX_BYTES) {
      groups.push([row]);
      bytes = size;
    } else {
      group.push(row);
      bytes += size;
    }
  }
  return groups;
}
