/** Installations: registered, changed, read and deleted under their names. */

import type { Transaction } from '@google-cloud/firestore';
import { each } from '../../../lib/concurrency.ts';
import type { Installation } from '../../../model/installation.ts';
import type { Store } from '../../../ports/ports.ts';
import { lastOfEach } from '../../last-of-each.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import { type BadgeFields, type InstallationFields, toInstallation } from '../schema.ts';
import { holdersOf, put } from './put.ts';
import { byPath, type Registry } from './registry.ts';
import { LEFT, removeWhere } from './removal.ts';

export const firestoreInstallations = (registry: Registry) =>
  ({
    /** In several transactions: if it throws, some may be stored; to put them all again is safe. */
    async putInstallations(batch) {
      await each(batches(lastOfEach(batch)), BATCHES_AT_ONCE, (some) =>
        registry.client.write((writes) => readAndPut(registry, writes, some)),
      );
    },

    updateInstallation: (app, id, change) =>
      registry.client.write((writes) => readAndChange(registry, writes, { app, id, change })),

    async setBadge(app, id, count) {
      await registry.client.write(async (writes) => {
        writes.set(registry.schema.badge(app, id), { count } satisfies BadgeFields);
      });
    },

    async getInstallation(app, id) {
      const [found] = await registry.client.get([registry.schema.installation(app, id)]);
      return found?.exists ? toInstallation(app, id, found.data() as InstallationFields) : null;
    },

    deleteInstallation: (app, id) =>
      registry.client.write(async (writes) => {
        const removed = await removeWhere(registry, writes, [{ app, id }], () => true);
        return removed.length > 0;
      }),
  }) satisfies Partial<Store>;

async function readAndPut(registry: Registry, writes: Transaction, batch: Installation[]) {
  const { schema } = registry;
  const refs = batch.map((it) => schema.installation(it.app, it.id));
  const tokens = batch.map((it) => schema.token(it.app, it.token));
  const fieldMask = [...LEFT, 'optedOut', 'id'];
  const found = await writes.getAll(...refs, ...tokens, { fieldMask });
  const before = byPath(found.slice(0, refs.length));
  await put(registry, writes, batch, before, holdersOf(found.slice(refs.length)));
}

async function readAndChange(
  registry: Registry,
  writes: Transaction,
  { app, id, change }: { app: string; id: string; change: (it: Installation) => Installation },
): Promise<Installation | null> {
  const { schema } = registry;
  const found = await writes.get(schema.installation(app, id));
  if (!found.exists) return null;
  const changed = change(toInstallation(app, id, found.data() as InstallationFields));
  const isNew = changed.token !== found.get('token');
  const holders = isNew ? await writes.getAll(schema.token(app, changed.token)) : [];
  const whole = { ...changed, optedOut: changed.optedOut ?? false };
  await put(registry, writes, [whole], byPath([found]), holdersOf(holders));
  return changed;
}
