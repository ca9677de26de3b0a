/** Installations that go: deleted, found dead, pruned, erased, or another has their token now. */

import type { DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../../model/chunk.ts';
import type { InstallationName } from '../../../ports/ports.ts';
import { updateTimeOf } from '../pages/codec.ts';
import { BY_NAME } from '../schema.ts';
import { type Change, changeWithin, readWithin } from './change.ts';
import { type KnownRow, knownRows } from './known.ts';
import type { Registry } from './registry.ts';

/** A read costs as much as so many deletes. */
const READ_IN_DELETES = 3;

/** The fields that must be read of an installation that goes. */
export const LEFT = ['token', 'userId'];

/** Remembers which user it belonged to with this token. `found` has LEFT. */
export function leave({ left }: Change, { app, id }: InstallationName, found: DocumentSnapshot) {
  const userId: string | undefined = found.get('userId');
  if (userId !== undefined) left.push({ userId, app, id, token: found.get('token') });
}

/**
 * Removes it with its token and its badge. `found` has LEFT and was read within the transaction, so the
 * token is still its own.
 */
export function remove(change: Change, name: InstallationName, found: DocumentSnapshot) {
  const { registry, writes, gone } = change;
  leave(change, name, found);
  writes.delete(found.ref);
  writes.delete(registry.schema.token(name.app, found.get('token')));
  if (change.hasBadges) writes.delete(registry.schema.badge(name.app, name.id));
  gone.push(found.ref.id);
}

/**
 * Removes those of the named installations that exist and of which `goes` is true, and gives their
 * names. `goes` may look at `fields` and LEFT.
 */
export async function removeWhere<T extends InstallationName>(
  change: Change,
  names: T[],
  goes: (found: DocumentSnapshot, name: T) => boolean,
  fields: string[] = [],
): Promise<T[]> {
  const { schema } = change.registry;
  const refs = names.map((it) => schema.installation(it.app, it.id));
  const found = await readWithin(change, refs, [...LEFT, ...fields]);
  const going = names.flatMap((name, i) => {
    const it = found[i]!;
    return it.exists && goes(it, name) ? [{ name, it }] : [];
  });
  for (const { name, it } of going) remove(change, name, it);
  return going.map((it) => it.name);
}

type Dead = ChunkCommit['forget'][number] & InstallationName;

/**
 * Removes the installations whose token a provider called dead, unless they have another token now or
 * registered after `since`. Gives the ids of those it removed. `writes` has not written anything before.
 * `again`: an attempt before has failed, maybe since what pages know has changed, so all are read.
 */
export async function forget(
  registry: Registry,
  writes: Transaction,
  app: string,
  dead: ChunkCommit['forget'],
  again = true,
): Promise<ReadonlySet<string>> {
  if (dead.length === 0) return new Set();
  const all = dead.map((it): Dead => ({ ...it, app, id: it.installationId }));
  const ids = all.map((it) => it.id);
  const rows = again ? new Map<string, KnownRow>() : await knownRows(registry, app, ids);
  const isKnown = ({ id, token, since }: Dead) => {
    const row = rows.get(id);
    return row !== undefined && row.token === token && row.refreshedAt <= since;
  };
  // one at least is read: a marker has the time of a read in its transaction
  const known = all.slice(1).filter(isKnown);
  const others = all.filter((it) => !known.includes(it));
  const isDead = (found: DocumentSnapshot, { token, since }: Dead) =>
    found.get('token') === token && found.get('refreshedAt') <= since;
  const removed = await changeWithin(
    registry,
    writes,
    async (change) => {
      const read = await removeWhere(change, others, isDead, ['refreshedAt']);
      for (const it of known) removeKnown(change, it, rows.get(it.id)!);
      return [...read, ...known];
    },
    await mayHaveBadges(registry, all),
  );
  return new Set(removed.map((it) => it.id));
}

/** The same as `remove`, under the condition that the document is still what the row says. */
function removeKnown(change: Change, { app, id }: InstallationName, row: KnownRow) {
  const { registry, writes, gone, left, hasBadges } = change;
  const { schema } = registry;
  const { userId, token, version } = row;
  if (userId !== undefined) left.push({ userId, app, id, token });
  const ref = schema.installation(app, id);
  writes.delete(ref, { lastUpdateTime: updateTimeOf(version) });
  writes.delete(schema.token(app, token));
  if (hasBadges) writes.delete(schema.badge(app, id));
  gone.push(ref.id);
}

/**
 * Whether there is a badge between the first and the last of these names. Few apps count badges, and a query
 * costs a read where a delete for each would be paid for, whether it is there or not.
 */
async function mayHaveBadges(
  { client, schema }: Registry,
  names: InstallationName[],
): Promise<boolean> {
  if (names.length <= READ_IN_DELETES) return true;
  const refs = names.map((it) => schema.badge(it.app, it.id).id).sort();
  const between = schema.badges
    .orderBy(BY_NAME)
    .startAt(refs[0])
    .endAt(refs.at(-1))
    .select()
    .limit(1);
  return !(await client.read(() => between.get())).empty;
}
