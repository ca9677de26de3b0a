/** Brings installations that an earlier version stored into canonical form, a range of names a call. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { each } from '../../../lib/concurrency.ts';
import type { Installation } from '../../../model/installation.ts';
import type { Store } from '../../../ports/ports.ts';
import { formOf, settled } from '../../normalize.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import {
  appOf,
  BY_NAME,
  type InstallationFields,
  idOf,
  spokenOf,
  type TokenFields,
  toInstallation,
} from '../schema.ts';
import { type Change, changeInstallations, readWithin } from './change.ts';
import { holdersOf, put } from './put.ts';
import { byPath, type Registry } from './registry.ts';
import { remove } from './removal.ts';

const stored = (it: DocumentSnapshot): Installation =>
  toInstallation(appOf(it.id), idOf(it.id).id, it.data() as InstallationFields);

/** The installation in canonical form, with the languages it is found by; null if it is so already. */
function inForm(found: DocumentSnapshot): Installation | null {
  const fields = found.data() as InstallationFields;
  const form = formOf(fields);
  const it = { ...stored(found), ...form };
  return form !== null || String(fields.spoken) !== String(spokenOf(it)) ? it : null;
}

export const firestoreNormalize = (registry: Registry): Pick<Store, 'normalizeInstallations'> => ({
  async normalizeInstallations(after, limit) {
    const { client, schema } = registry;
    const query = schema.installations.orderBy(BY_NAME).limit(limit);
    const start = after && schema.installation(after.app, after.id).id;
    const from = start === null ? query : query.startAfter(start);
    const { docs } = await client.read(() => from.get());
    const names = docs.filter((it) => inForm(it) !== null).map((it) => it.id);
    const told = await each(batches(names), BATCHES_AT_ONCE, (some) => bring(registry, some));
    const last = docs.at(-1)?.id;
    return {
      read: docs.length,
      changed: told.reduce((sum, it) => sum + it.changed, 0),
      removed: told.reduce((sum, it) => sum + it.removed, 0),
      // a read that was cut off and went on may be short: only an empty one is the end
      next: last === undefined ? null : { app: appOf(last), id: idOf(last).id },
    };
  },
});

/** Normalizes them as they are now: one that has registered meanwhile is in form. */
const bring = (registry: Registry, names: string[]) =>
  changeInstallations(registry, async (change) => {
    const { schema } = registry;
    const refs = names.map((it) => schema.installations.doc(it));
    const found = (await readWithin(change, refs)).filter((it) => it.exists);
    const before = byPath(found);
    const rows = found.flatMap((it) => inForm(it) ?? []);
    if (rows.length === 0) return { changed: 0, removed: 0 };
    const { holders, others } = await holdersIn(change, rows);
    const { kept, lost } = settled(rows, others);
    await put(change, kept, before, holders);
    for (const it of lost) {
      const old = before.get(schema.installation(it.app, it.id).path);
      // an installation that has the token in canonical form is removed by `put`, together with it
      if (old && old.get('token') !== it.token) remove(change, it, old);
    }
    return { changed: kept.length, removed: lost.length };
  });

/** Which installations have the rows' tokens; `others` are those that are not among the rows. */
async function holdersIn(change: Change, rows: Installation[]) {
  const { schema } = change.registry;
  const known = new Set(rows.map((it) => schema.installation(it.app, it.id).path));
  const tokens = rows.map((it) => schema.token(it.app, it.token));
  const found = await readWithin(change, tokens);
  const refs = rows.flatMap((it, i) => {
    const id = (found[i]!.data() as TokenFields | undefined)?.id;
    const ref = id === undefined ? null : schema.installation(it.app, id);
    return ref && !known.has(ref.path) ? [ref] : [];
  });
  const others = await readWithin(change, refs);
  return { holders: holdersOf(found), others: others.filter((it) => it.exists).map(stored) };
}
