/**
 * Whose installations were: what was sent to a device must be found when its former user's data is asked
 * for. One document has all that one transaction takes from users, so a chunk with many dead tokens costs a
 * write and not one for each; hashes of its users and devices find it.
 */

import { randomUUID } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { DocumentReference, DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import { chunkedBySize } from '../../../lib/chunked.ts';
import { type Device, deviceKey } from '../../erasure.ts';
import { type Client, unchanged } from '../client.ts';
import { documentsOf } from '../documents.ts';
import {
  BY_NAME,
  digest,
  END,
  expiry,
  type FormerFields,
  type OlderFormerFields,
  type Schema,
} from '../schema.ts';
import type { Registry } from './registry.ts';

/** An installation that a user has left, with the token that it had. */
export interface Left {
  userId: string;
  app: string;
  id: string;
  token: string;
}

interface FormerRow extends Omit<Left, 'userId'> {
  /** a hash */
  user: string;
}

interface Context {
  client: Client;
  schema: Schema;
}

/**
 * How much longer than the retention it is kept which user an installation belonged to: it outlives every
 * page that was made while it did.
 */
const OUTLIVES_DAYS = 2;
/** Of one document, which holds 1 MiB and 40,000 entries of indexes: rows as JSON, and how many. */
const MOST = { bytes: 700_000, most: 1_000 };
/** Documents that one query reads. */
const PAGE = 300;

export function writeLeft(
  { client, schema, retentionDays }: Registry,
  writes: Transaction,
  left: Left[],
) {
  const rows = left.map(({ userId, ...it }): FormerRow => ({ user: digest(userId), ...it }));
  for (const some of chunkedBySize(rows, MOST, (it) => Buffer.byteLength(JSON.stringify(it))))
    writes.create(schema.former.doc(randomUUID()), {
      ...fieldsOf(some),
      until: client.now(),
      expireAt: expiry(client.now(), retentionDays + OUTLIVES_DAYS),
    } satisfies FormerFields);
}

const fieldsOf = (rows: FormerRow[]): Pick<FormerFields, 'users' | 'devices' | 'rows'> => ({
  users: [...new Set(rows.map((it) => it.user))],
  devices: [...new Set(rows.map((it) => digest(deviceKey(it))))],
  rows: zstdCompressSync(JSON.stringify(rows)),
});

/** The rows of a document; that of an earlier version has one. */
function rowsOf(found: DocumentSnapshot): FormerRow[] {
  const { rows } = found.data() as Partial<FormerFields>;
  if (rows) return JSON.parse(zstdDecompressSync(rows).toString()) as FormerRow[];
  const { app, id, token } = found.data() as OlderFormerFields;
  return [{ user: found.id.slice(0, found.id.indexOf(END)), app, id, token }];
}

/** Devices that the user has left, while records about them may still be kept, and the documents that say so. */
export async function formerOf(
  { client, schema }: Context,
  userId: string,
): Promise<{ refs: DocumentReference[]; devices: Device[] }> {
  const user = digest(userId);
  const start = `${user}${END}`;
  const refs: DocumentReference[] = [];
  const devices: Device[] = [];
  for (const query of [
    schema.former.where('users', 'array-contains', user).orderBy(BY_NAME),
    schema.former.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`),
  ])
    for await (const page of documentsOf(client, query.limit(PAGE)))
      for (const it of page) {
        const until: number = it.get('until');
        const theirs = rowsOf(it).filter((row) => row.user === user);
        refs.push(it.ref);
        devices.push(...theirs.map(({ app, id, token }) => ({ app, id, token, until })));
      }
  return { refs, devices };
}

/** Adds when the device last changed over from another user, if it did. */
export async function since(
  { client, schema }: Context,
  userId: string,
  it: Device,
): Promise<Device> {
  const [user, device] = [digest(userId), digest(deviceKey(it))];
  let since = Number.NEGATIVE_INFINITY;
  for (const query of [
    schema.former.where('devices', 'array-contains', device),
    schema.former.where('device', '==', device),
  ])
    for await (const page of documentsOf(client, query.orderBy(BY_NAME).limit(PAGE)))
      for (const found of page) {
        const isOthers = (row: FormerRow) => row.user !== user && digest(deviceKey(row)) === device;
        if (rowsOf(found).some(isOthers)) since = Math.max(since, found.get('until'));
      }
  return since === Number.NEGATIVE_INFINITY ? it : { ...it, since };
}

/** Takes the user out of the documents that `formerOf` gave. */
export async function forgetFormer({ client }: Context, userId: string, refs: DocumentReference[]) {
  const user = digest(userId);
  for (const ref of refs)
    await client.write(async (writes) => {
      // as it is now: another user may be erased at the same time
      const [found] = await client.get([ref]);
      if (!found?.exists) return;
      const others = rowsOf(found).filter((it) => it.user !== user);
      if (others.length === 0) writes.delete(ref, unchanged(found));
      else writes.update(ref, { ...fieldsOf(others) }, unchanged(found));
    });
}
