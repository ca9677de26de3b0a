/** Installations that go: deleted, found dead, pruned, erased, or another has their token now. */

import type { DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../../model/chunk.ts';
import type { InstallationName } from '../../../ports/ports.ts';
import { deviceKey } from '../../erasure.ts';
import { unchanged } from '../client.ts';
import { digest, expiry, type FormerFields } from '../schema.ts';
import type { Registry } from './registry.ts';

/** The fields that must be read of an installation that goes. */
export const LEFT = ['token', 'userId'];

/**
 * Remembers which user it belonged to with this token: what was sent to it must be found when that
 * user's data is asked for. `found` has LEFT.
 */
export function leave(
  { client, schema, retentionDays }: Registry,
  writes: Transaction,
  { app, id }: InstallationName,
  found: DocumentSnapshot,
) {
  const userId: string | undefined = found.get('userId');
  if (userId === undefined) return;
  const device = { app, id, token: found.get('token') as string };
  writes.set(schema.formerOf(userId, device), {
    ...device,
    device: digest(deviceKey(device)),
    until: client.now(),
    expireAt: expiry(client.now(), retentionDays),
  } satisfies FormerFields);
}

/**
 * Removes it with its token and its badge. `found` has LEFT; if it has changed since, nothing of the
 * transaction happens, so the token is still its own.
 */
export function remove(
  registry: Registry,
  writes: Transaction,
  name: InstallationName,
  found: DocumentSnapshot,
) {
  const { schema } = registry;
  leave(registry, writes, name, found);
  writes.delete(found.ref, unchanged(found));
  writes.delete(schema.token(name.app, found.get('token')));
  writes.delete(schema.badge(name.app, name.id));
}

/**
 * Removes those of the named installations that exist and of which `goes` is true, and gives their
 * names. `goes` may look at `fields` and LEFT.
 */
export async function removeWhere<T extends InstallationName>(
  registry: Registry,
  writes: Transaction,
  names: T[],
  goes: (found: DocumentSnapshot, name: T) => boolean,
  fields: string[] = [],
): Promise<T[]> {
  const refs = names.map((it) => registry.schema.installation(it.app, it.id));
  const found = await registry.client.get(refs, [...LEFT, ...fields]);
  const going = names.flatMap((name, i) => {
    const it = found[i]!;
    return it.exists && goes(it, name) ? [{ name, it }] : [];
  });
  for (const { name, it } of going) remove(registry, writes, name, it);
  return going.map((it) => it.name);
}

/**
 * Removes the installations whose token a provider called dead, unless they have another token now or
 * registered after `since`. Gives the ids of those it removed.
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
  const removed = await removeWhere(registry, writes, names, isDead, ['refreshedAt']);
  return new Set(removed.map((it) => it.id));
}
