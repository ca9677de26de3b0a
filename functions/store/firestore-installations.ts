/** Installations: put, get, delete, forget. */

import { type DocumentReference, FieldValue, type Transaction } from '@google-cloud/firestore';
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
const TOGETHER = 300;
const AT_ONCE = 4;
/** A request holds 10 MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

export function firestoreInstallations(client: Client, schema: Schema) {
  const { installation } = schema;

  /**
   * Whoever changes the owner of a token writes the token's document and both installations', each
   * only if it is still as it was read. So of two that are given one token at once the second looks
   * again.
   */
  async function put(writes: Transaction, rows: Row[], names: Set<string>) {
    const [owned, own] = await Promise.all([
      client.get(rows.map((it) => it.token)),
      client.get(
        rows.map((it) => it.ref),
        ['token'],
      ),
    ]);
    const taken = new Set(rows.map((it) => it.token.id));
    const others: Held[] = [];
    const left: Held[] = [];
    for (const [index, { ref, token, fields, app }] of rows.entries()) {
      const before = own[index]!;
      const owner = owned[index]!;
      if (before.exists) writes.update(ref, { ...dropped, ...fields }, unchanged(before));
      else writes.create(ref, fields);

      const to: TokenFields = { installation: ref.id };
      const holder = owner.get('installation') as string | undefined;
      if (holder === undefined) writes.create(token, to);
      else if (holder !== ref.id) {
        writes.update(token, { ...to }, unchanged(owner));
        if (!names.has(holder))
          others.push({ ref: schema.installations.doc(holder), is: fields.token });
      }
      const old = before.get('token') as string | undefined;
      if (old === undefined || old === fields.token) continue;
      const oldToken = schema.token(app, old);
      if (!taken.has(oldToken.id)) left.push({ ref: oldToken, is: ref.id });
    }
    await remove(writes, others, 'token');
    await remove(writes, left, 'installation');
  }

  /** Those whose field still is what it was taken for. */
  async function remove(writes: Transaction, all: Held[], field: 'token' | 'installation') {
    const found = await client.get(
      all.map((it) => it.ref),
      [field],
    );
    for (const [index, it] of found.entries())
      if (it.get(field) === all[index]!.is) writes.delete(it.ref, unchanged(it));
  }

  const verbs = {
    /** In several transactions: if it throws, some may be stored; to put them all again is safe. */
    async putInstallations(batch) {
      const rows = lastOfEach(batch).map((it) => ({
        app: it.app,
        ref: installation(it.app, it.id),
        token: schema.token(it.app, it.token),
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
        const [found] = await client.get([installation(app, id)], ['token']);
        if (!found?.exists) return false;
        writes.delete(found.ref, unchanged(found));
        await remove(
          writes,
          [{ ref: schema.token(app, found.get('token')), is: found.ref.id }],
          'installation',
        );
        return true;
      }),
  } satisfies Partial<Store>;

  /** Only the one that was told dead, and only if it has not registered since. */
  async function forget(writes: Transaction, app: string, dead: ChunkCommit['forget']) {
    const refs = dead.map((it) => installation(app, it.installationId));
    const found = await client.get(refs, ['token', 'refreshedAt']);
    const tokens: Held[] = [];
    for (const [index, it] of found.entries()) {
      const { token, since } = dead[index]!;
      if (!it.exists || it.get('token') !== token || it.get('refreshedAt') > since) continue;
      writes.delete(it.ref, unchanged(it));
      tokens.push({ ref: schema.token(app, token), is: it.ref.id });
    }
    await remove(writes, tokens, 'installation');
  }

  return { ...verbs, forget };
}

/** A document, and what a field of it is. */
interface Held {
  ref: DocumentReference;
  is: string;
}

/** What a registration may leave out, and then has no longer. */
const dropped = {
  language: FieldValue.delete(),
  timeZone: FieldValue.delete(),
  userId: FieldValue.delete(),
  attributes: FieldValue.delete(),
};

interface Row {
  app: string;
  ref: DocumentReference;
  token: DocumentReference;
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
