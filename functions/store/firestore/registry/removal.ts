/** Installations that go: deleted, found dead, pruned, erased, or another has their token now. */

import type { DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../../model/chunk.ts';
import type { InstallationName } from '../../../ports/ports.ts';
import { deviceKey } from '../../erasure.ts';
import { digest, expiry, type FormerFields } from '../schema.ts';
import { type Change, changeWithin, readWithin } from './change.ts';
import type { Registry } from './registry.ts';

/** The fields that must be read of an installation that goes. */
export const LEFT = ['token', 'userId'];

/**
 * How much longer than the retention it is kept which user an installation belonged to: it outlives every
 * page that was made while it did.
 */
const OUTLIVES_DAYS = 2;

/**
 * Remembers which user it belonged to with this token: what was sent to it must be found when that
 * user's data is asked for. `found` has LEFT.
 */
export function leave(
  { registry, writes }: Change,
  { app, id }: InstallationName,
  found: DocumentSnapshot,
) {
  const { client, schema, retentionDays } = registry;
  const userId: string | undefined = found.get('userId');
  if (userId === undefined) return;
  const device = { app, id, token: found.get('token') as string };
  writes.set(schema.formerOf(userId, device), {
    ...device,
    device: digest(deviceKey(device)),
    until: client.now(),
    expireAt: expiry(client.now(), retentionDays + OUTLIVES_DAYS),
  } satisfies FormerFields);
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
  writes.delete(registry.schema.badge(name.app, name.id));
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

/**
 * Removes the installations whose token a provider called dead, unless they have another token now or
 * registered after `since`. Gives the ids of those it removed. `writes` has not written anything before.
 */
export async function forget(
  registry: Registry,
  writes: Transaction,
  app: string,
  dead: ChunkCommit['forget'],
): Promise<ReadonlySet<string>> {
  const names = dead.map((it) => ({ ...it, app, id: it.installationId }));
  const isDead = (found: DocumentSnapshot, { token, since }: (typeof names)[number]) =>
    found.get('token') === token && found.get('refreshedAt') <= since;
  const removed = await changeWithin(registry, writes, (change) =>
    removeWhere(change, names, isDead, ['refreshedAt']),
  );
  return new Set(removed.map((it) => it.id));
}
