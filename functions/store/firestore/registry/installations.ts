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
import { each } from '../../../lib/concurrency.ts';
import type { ChunkCommit } from '../../../model/chunk.ts';
import type { Installation } from '../../../model/installation.ts';
import type { Store } from '../../../ports/ports.ts';
import { deviceKey } from '../../erasure.ts';
import { lastOfEach } from '../../last-of-each.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import { type Client, unchanged } from '../client.ts';
import {
  appOf,
  type BadgeFields,
  digest,
  expiry,
  type FormerFields,
  fromInstallation,
  type InstallationFields,
  idOf,
  type Schema,
  type TokenFields,
  toInstallation,
} from '../schema.ts';

/** What has to be known of an installation that goes. */
export const LEFT = ['token', 'userId'];

export function firestoreInstallations(client: Client, schema: Schema, retentionDays: number) {
  const { installation: refOf, token: tokenRefOf, badge: badgeOf } = schema;

  /** Whose it was is remembered: what was sent to it may have to be found for that user. */
  function leave(writes: Transaction, app: string, id: string, found: DocumentSnapshot) {
    const userId: string | undefined = found.get('userId');
    if (userId === undefined) return;
    const device = { app, id, token: found.get('token') as string };
    writes.set(schema.formerOf(userId, device), {
      ...device,
      ...{ device: digest(deviceKey(device)), until: client.now() },
      expireAt: expiry(client.now(), retentionDays),
    } satisfies FormerFields);
  }

  /**
   * Puts them; `before` are their documents as this transaction has read them, with `token`, `userId`
   * and `optedOut` at least. `holders` are who has their tokens: of one whose token is its own already
   * no read is needed. Returns how many installations lost their token to another, and are gone.
   */
  async function put(
    writes: Transaction,
    batch: Installation[],
    before: Map<string, DocumentSnapshot>,
    holders: Map<string, string>,
  ): Promise<number> {
    const rows = batch.map((it) => {
      const ref = refOf(it.app, it.id);
      const tokenRef = tokenRefOf(it.app, it.token);
      const known = before.get(ref.path);
      const old: string | undefined = known?.get('token');
      const holder = old === it.token ? it.id : holders.get(tokenRef.path);
      return { it, ref, tokenRef, known, old, holder };
    });
    const taken = rows.flatMap(({ it, holder }) =>
      holder === undefined || holder === it.id ? [] : refOf(it.app, holder),
    );
    const lost = taken.length > 0 ? await writes.getAll(...taken, { fieldMask: LEFT }) : [];
    for (const it of lost) if (it.exists) leave(writes, appOf(it.id), idOf(it.id).id, it);
    for (const { it, known, old } of rows)
      if (known?.exists && (old !== it.token || known.get('userId') !== it.userId))
        leave(writes, it.app, it.id, known);
    const gone = new Map<string, DocumentReference>();
    for (const { it, old, holder } of rows) {
      const tokenRef = old !== undefined && old !== it.token && tokenRefOf(it.app, old);
      if (tokenRef) gone.set(tokenRef.path, tokenRef);
      if (holder === undefined || holder === it.id) continue;
      for (const ref of [refOf(it.app, holder), badgeOf(it.app, holder)]) gone.set(ref.path, ref);
    }
    // what is put in the same breath stays
    for (const { it, ref, tokenRef } of rows)
      for (const kept of [ref, tokenRef, badgeOf(it.app, it.id)]) gone.delete(kept.path);
    for (const ref of gone.values()) writes.delete(ref);
    for (const { it, ref, tokenRef, known, holder } of rows) {
      writes.set(ref, fromInstallation(it, known?.get('optedOut') === true));
      const fields: TokenFields = { id: it.id };
      if (holder !== it.id) writes.set(tokenRef, fields);
    }
    return lost.filter((it) => it.exists && gone.has(it.ref.path)).length;
  }

  /** By the path of the token's document. */
  const holdersOf = (found: DocumentSnapshot[]) =>
    new Map(
      found.flatMap((it): [string, string][] =>
        it.exists ? [[it.ref.path, (it.data() as TokenFields).id]] : [],
      ),
    );

  async function readAndPut(writes: Transaction, batch: Installation[]) {
    const refs = batch.map((it) => refOf(it.app, it.id));
    const tokens = batch.map((it) => tokenRefOf(it.app, it.token));
    const found = await writes.getAll(...refs, ...tokens, {
      fieldMask: [...LEFT, 'optedOut', 'id'],
    });
    await put(
      writes,
      batch,
      byPath(found.slice(0, refs.length)),
      holdersOf(found.slice(refs.length)),
    );
  }

  const verbs = {
    /** In several transactions: if it throws, some may be stored; to put them all again is safe. */
    async putInstallations(batch) {
      await each(batches(lastOfEach(batch)), BATCHES_AT_ONCE, (some) =>
        client.write((writes) => readAndPut(writes, some)),
      );
    },

    updateInstallation: (app, id, change) =>
      client.write(async (writes) => {
        const found = await writes.get(refOf(app, id));
        if (!found.exists) return null;
        const changed = change(toInstallation(app, id, found.data() as InstallationFields));
        const holders =
          changed.token === found.get('token')
            ? []
            : await writes.getAll(tokenRefOf(app, changed.token));
        const known = new Map([[found.ref.path, found]]);
        const said = { ...changed, optedOut: changed.optedOut ?? false };
        await put(writes, [said], known, holdersOf(holders));
        return changed;
      }),

    setBadge: (app, id, count) =>
      client.write(async (writes) => {
        writes.set(badgeOf(app, id), { count } satisfies BadgeFields);
      }),

    async getInstallation(app, id) {
      const [found] = await client.get([refOf(app, id)]);
      return found?.exists ? toInstallation(app, id, found.data() as InstallationFields) : null;
    },

    deleteInstallation: (app, id) =>
      client.write(async (writes) => {
        const [found] = await client.get([refOf(app, id)], LEFT);
        if (found?.exists) remove(writes, app, id, found);
        return found?.exists ?? false;
      }),
  } satisfies Partial<Store>;

  /** As it was found (with LEFT), or nothing of the write happens; so the token is still its own. */
  function remove(writes: Transaction, app: string, id: string, found: DocumentSnapshot) {
    leave(writes, app, id, found);
    writes.delete(found.ref, unchanged(found));
    writes.delete(tokenRefOf(app, found.get('token')));
    writes.delete(badgeOf(app, id));
  }

  /** Only those that were told dead, and have not registered since; gives who that was. */
  async function forget(writes: Transaction, app: string, dead: ChunkCommit['forget']) {
    const forgotten = new Set<string>();
    const refs = dead.map((it) => refOf(app, it.installationId));
    const found = await client.get(refs, [...LEFT, 'refreshedAt']);
    for (const [index, it] of found.entries()) {
      const { installationId, token, since } = dead[index]!;
      if (!it.exists || it.get('token') !== token || it.get('refreshedAt') > since) continue;
      remove(writes, app, installationId, it);
      forgotten.add(installationId);
    }
    return forgotten;
  }

  return { ...verbs, forget, put, holdersOf, remove };
}

export const byPath = (found: DocumentSnapshot[]) => new Map(found.map((it) => [it.ref.path, it]));
