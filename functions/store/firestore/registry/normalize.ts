/** Installations that an earlier version stored, brought into form, a page of names at each call. */

import type { DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import { each } from '../../../lib/concurrency.ts';
import type { Installation } from '../../../model/installation.ts';
import type { Store } from '../../../ports/ports.ts';
import { formOf, settled } from '../../normalize.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import type { Client } from '../client.ts';
import {
  appOf,
  BY_NAME,
  type InstallationFields,
  idOf,
  type Schema,
  spokenOf,
  type TokenFields,
  toInstallation,
} from '../schema.ts';
import { byPath, type firestoreInstallations } from './installations.ts';

type Within = Pick<ReturnType<typeof firestoreInstallations>, 'put' | 'holdersOf' | 'remove'>;

const stored = (it: DocumentSnapshot): Installation =>
  toInstallation(appOf(it.id), idOf(it.id).id, it.data() as InstallationFields);

/** In form, with what it is found by; null if it is so already. */
function inForm(found: DocumentSnapshot): Installation | null {
  const fields = found.data() as InstallationFields;
  const form = formOf(fields);
  const it = { ...stored(found), ...form };
  return form !== null || String(fields.spoken) !== String(spokenOf(it)) ? it : null;
}

export function firestoreNormalize(
  client: Client,
  schema: Schema,
  { put, holdersOf, remove }: Within,
): Pick<Store, 'normalizeInstallations'> {
  const refOf = (it: Installation) => schema.installation(it.app, it.id);

  /** Who is stored with one of their tokens, and is not among them. */
  async function holdersIn(writes: Transaction, rows: Installation[], known: ReadonlySet<string>) {
    const tokens = rows.map((it) => schema.token(it.app, it.token));
    const found = await writes.getAll(...tokens);
    const holders = holdersOf(found);
    const refs = rows.flatMap((it, i) => {
      const id = (found[i]!.data() as TokenFields | undefined)?.id;
      const ref = id === undefined ? null : schema.installation(it.app, id);
      return ref && !known.has(ref.path) ? [ref] : [];
    });
    const others = refs.length > 0 ? await writes.getAll(...refs) : [];
    return { holders, others: others.filter((it) => it.exists).map(stored) };
  }

  /** As they are now: who has registered meanwhile is in form. */
  const bring = (names: string[]) =>
    client.write(async (writes) => {
      const found = (
        await writes.getAll(...names.map((it) => schema.installations.doc(it)))
      ).filter((it) => it.exists);
      const before = byPath(found);
      const rows = found.flatMap((it) => inForm(it) ?? []);
      if (rows.length === 0) return { changed: 0, removed: 0 };
      const { holders, others } = await holdersIn(
        writes,
        rows,
        new Set(rows.map((it) => refOf(it).path)),
      );
      const { kept, lost } = settled(rows, others);
      await put(writes, kept, before, holders);
      for (const it of lost) {
        const old = before.get(refOf(it).path);
        // who has the token as it is now is removed with it, by who takes it
        if (old && old.get('token') !== it.token) remove(writes, it.app, it.id, old);
      }
      return { changed: kept.length, removed: lost.length };
    });

  return {
    async normalizeInstallations(after, limit) {
      const query = schema.installations.orderBy(BY_NAME).limit(limit);
      const start = after && schema.installation(after.app, after.id).id;
      const from = start === null ? query : query.startAfter(start);
      const { docs } = await client.read(() => from.get());
      const names = docs.filter((it) => inForm(it) !== null).map((it) => it.id);
      const told = await each(batches(names), BATCHES_AT_ONCE, bring);
      const last = docs.at(-1)?.id;
      return {
        read: docs.length,
        changed: told.reduce((sum, it) => sum + it.changed, 0),
        removed: told.reduce((sum, it) => sum + it.removed, 0),
        // a read that was cut off and went on may be short: only an empty one is the end
        next: last === undefined ? null : { app: appOf(last), id: idOf(last).id },
      };
    },
  };
}
