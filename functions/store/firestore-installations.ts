/**
 * Installations, and who has which token.
 *
 * An installation has a token if and only if that token's document names it. Both are read and
 * written together, under their names. The other way, a query for the token's hash, would save a
 * write for each new installation and a read for each put; but in a transaction it locks what it
 * looks through (the emulator: all installations), and imports side by side would wait for each
 * other.
 */

import type { DocumentReference, DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import type { Installation } from '../pipeline/installation.ts';
import type { ChunkCommit, Store } from '../ports.ts';
import { each } from './each.ts';
import { type Client, unchanged } from './firestore-client.ts';
import {
  fromInstallation,
  type InstallationFields,
  type Schema,
  type TokenFields,
  toInstallation,
} from './firestore-schema.ts';
import { lastOfEach } from './last-of-each.ts';

/** Installations in one transaction, and how many of those at once. */
const [TOGETHER, AT_ONCE] = [200, 4];
/** A request holds 10 MiB, the emulator's 4. */
const MAX_BYTES = 3 * 1024 * 1024;

interface Row {
  app: string;
  id: string;
  ref: DocumentReference;
  fields: InstallationFields;
  tokenRef: DocumentReference;
}

export function firestoreInstallations(client: Client, schema: Schema) {
  const { installation: refOf, token: tokenRefOf } = schema;

  const toRow = (it: Installation): Row => ({
    ...{ app: it.app, id: it.id, ref: refOf(it.app, it.id), fields: fromInstallation(it) },
    tokenRef: tokenRefOf(it.app, it.token),
  });

  async function put(writes: Transaction, rows: Row[]) {
    const all = rows.flatMap((it) => [it.ref, it.tokenRef]);
    const found = byName(await writes.getAll(...all, { fieldMask: ['token', 'id'] }));
    const holderOf = (it: Row) => (found.get(it.tokenRef.path)?.data() as TokenFields)?.id;

    const gone = new Map<string, DocumentReference>();
    for (const { app, ref, fields } of rows) {
      const before: string | undefined = found.get(ref.path)?.get('token');
      const tokenRef = before !== undefined && before !== fields.token && tokenRefOf(app, before);
      if (tokenRef) gone.set(tokenRef.path, tokenRef);
    }
    const taken = rows.flatMap((it) => {
      const holder = holderOf(it);
      return holder !== undefined && holder !== it.id ? [refOf(it.app, holder)] : [];
    });
    for (const ref of taken) gone.set(ref.path, ref);

    // what is put in the same breath stays
    for (const { ref, tokenRef } of rows) {
      gone.delete(ref.path);
      gone.delete(tokenRef.path);
    }
    for (const ref of gone.values()) writes.delete(ref);
    for (const it of rows) {
      writes.set(it.ref, it.fields);
      const fields: TokenFields = { id: it.id };
      if (holderOf(it) !== it.id) writes.set(it.tokenRef, fields);
    }
  }

  const verbs = {
    /** In several transactions: if it throws, some may be stored; to put them all again is safe. */
    async putInstallations(batch) {
      const rows = lastOfEach(batch).map(toRow);
      await each(together(rows), AT_ONCE, (some) => client.write((writes) => put(writes, some)));
    },

    async getInstallation(app, id) {
      const [found] = await client.get([refOf(app, id)]);
      return found?.exists ? toInstallation(app, id, found.data() as InstallationFields) : null;
    },

    deleteInstallation: (app, id) =>
      client.write(async (writes) => {
        const [found] = await client.get([refOf(app, id)], ['token']);
        if (found?.exists) remove(writes, app, found);
        return found?.exists ?? false;
      }),
  } satisfies Partial<Store>;

  /** As it was found, or nothing of the write happens; so the token is still its own. */
  function remove(writes: Transaction, app: string, found: DocumentSnapshot) {
    writes.delete(found.ref, unchanged(found));
    writes.delete(tokenRefOf(app, found.get('token')));
  }

  /** Only the one that was told dead, and only if it has not registered since. */
  async function forget(writes: Transaction, app: string, dead: ChunkCommit['forget']) {
    const refs = dead.map((it) => refOf(app, it.installationId));
    const found = await client.get(refs, ['token', 'refreshedAt']);
    for (const [index, it] of found.entries()) {
      const { token, since } = dead[index]!;
      if (it.exists && it.get('token') === token && it.get('refreshedAt') <= since)
        remove(writes, app, it);
    }
  }

  return { ...verbs, forget };
}

const byName = (found: DocumentSnapshot[]) => new Map(found.map((it) => [it.ref.path, it]));

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
