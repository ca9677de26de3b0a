/** Installations: registered, changed, read and deleted under their names. */

import { each } from '../../../lib/concurrency.ts';
import { BUCKETS } from '../../../model/bucket.ts';
import type { Installation } from '../../../model/installation.ts';
import type { Page, Store } from '../../../ports/ports.ts';
import { installationIn } from '../../cursor.ts';
import { lastOfEach } from '../../last-of-each.ts';
import { firstOf } from '../../sorted.ts';
import { withTokens } from '../audience/documents.ts';
import { BATCHES_AT_ONCE, batches } from '../batches.ts';
import { documentsOf } from '../documents.ts';
import {
  type BadgeFields,
  BY_NAME,
  bucketName,
  type InstallationFields,
  idOf,
  toInstallation,
} from '../schema.ts';
import { type Change, changeInstallations, readWithin } from './change.ts';
import { holdersOf, put } from './put.ts';
import { byPath, type Registry } from './registry.ts';
import { removeWhere } from './removal.ts';

export const firestoreInstallations = (registry: Registry) =>
  ({
    /** In several transactions: if it throws, some may be stored; to put them all again is safe. */
    async putInstallations(batch) {
      await each(batches(lastOfEach(batch)), BATCHES_AT_ONCE, (some) =>
        changeInstallations(registry, (it) => readAndPut(it, some)),
      );
    },

    updateInstallation: (app, id, change) =>
      changeInstallations(registry, (it) => readAndChange(it, { app, id, change })),

    async setBadge(app, id, count) {
      await registry.client.write(async (writes) => {
        writes.set(registry.schema.badge(app, id), { count } satisfies BadgeFields);
      });
    },

    async getInstallation(app, id) {
      const [found] = await registry.client.get([registry.schema.installation(app, id)]);
      return found?.exists ? toInstallation(app, id, found.data() as InstallationFields) : null;
    },

    installationsOfUser: (app, userId, after, limit) =>
      ofUser(registry, { app, userId, after, limit }),

    installationsWithTokens: (app, tokens) => installationsWith(registry, app, tokens),

    deleteInstallation(app, id) {
      let removed = false;
      return changeInstallations(registry, async (it) => {
        const found = await removeWhere(it, [{ app, id }], () => true);
        // if the answer to the first commit was lost, it is gone now
        removed ||= found.length > 0;
        return removed;
      });
    },
  }) satisfies Partial<Store>;

async function readAndPut(change: Change, batch: Installation[]) {
  const { schema } = change.registry;
  const refs = batch.map((it) => schema.installation(it.app, it.id));
  const tokens = batch.map((it) => schema.token(it.app, it.token));
  const found = await readWithin(change, [...refs, ...tokens]);
  const before = byPath(found.slice(0, refs.length));
  await put(change, batch, before, holdersOf(found.slice(refs.length)));
}

async function readAndChange(
  within: Change,
  { app, id, change }: { app: string; id: string; change: (it: Installation) => Installation },
): Promise<Installation | null> {
  const { schema } = within.registry;
  const [found] = await readWithin(within, [schema.installation(app, id)]);
  if (!found?.exists) return null;
  const changed = change(toInstallation(app, id, found.data() as InstallationFields));
  const isNew = changed.token !== found.get('token');
  const holders = await readWithin(within, isNew ? [schema.token(app, changed.token)] : []);
  const { optedOut = false, optedOutOf = [] } = changed;
  const whole = { ...changed, optedOut, optedOutOf };
  await put(within, [whole], byPath([found]), holdersOf(holders));
  return changed;
}

async function ofUser(
  { client, schema }: Registry,
  {
    app,
    userId,
    after,
    limit,
  }: { app: string; userId: string; after: string | null; limit: number },
): Promise<Page<Installation>> {
  const query = schema.installations
    .where('userId', '==', userId)
    .orderBy(BY_NAME)
    .endBefore(bucketName(app, BUCKETS))
    .limit(limit + 1);
  const some =
    after === null
      ? query.startAt(bucketName(app, 0))
      : query.startAfter(schema.installation(app, installationIn(after)).id);
  const { items, more } = await firstOf(documentsOf(client, some), limit);
  return {
    items: items.map((it) => toInstallation(app, idOf(it.id).id, it.data() as InstallationFields)),
    next: more ? idOf(items.at(-1)!.id).id : null,
  };
}

async function installationsWith(
  { client, schema }: Registry,
  app: string,
  tokens: string[],
): Promise<Installation[]> {
  const ids = await withTokens({ client, schema }, app, tokens);
  const found = await client.get(ids.map((id) => schema.installation(app, id)));
  return found
    .flatMap((it, i) =>
      it.exists ? [toInstallation(app, ids[i]!, it.data() as InstallationFields)] : [],
    )
    .filter((it) => tokens.includes(it.token));
}
