/** Privacy: every record about a user, for export and erasure. */

import type { Erased, Store, UserRecord } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { bareKey, deviceKey } from '../erasure.ts';
import { unpack } from '../recipients.ts';
import type { Erase } from './erase.ts';
import type { SqliteInstallations } from './installations.ts';
import type { Rows } from './rows.ts';
import { sqliteUserNames } from './user-names.ts';
import { sqliteUserRecords } from './user-records.ts';

export function sqliteUsers(
  db: Database,
  { rows, writing, erase }: { rows: Rows; writing: SqliteInstallations['writing']; erase: Erase },
) {
  const { sql, transaction, durably } = db;
  const { installationsOf, devicesOf, since, isThere, inChunks, inFailures } =
    sqliteUserRecords(db);
  const { forgetNames } = sqliteUserNames(db);

  return {
    async *readUser(userId): AsyncGenerator<UserRecord[]> {
      const installations = installationsOf(userId);
      if (installations.length > 0)
        yield installations.map((it) => ({ kind: 'installation', ...it }));
      const devices = devicesOf(userId).map((it) => since(userId, it));
      for await (const { campaign_id, id, app, indices, packed } of inChunks(devices)) {
        const recipients = unpack(packed);
        yield indices.map((index) => ({
          kind: 'recipient',
          campaignId: campaign_id,
          chunkId: id,
          app,
          ...recipients[index]!,
        }));
      }
      for await (const found of inFailures(devices))
        yield found.map((it) => ({ kind: 'failure', ...it }));
    },

    /**
     * Installations go first and leave `former_users` behind, by which a second call finds the rest if this
     * one is interrupted.
     */
    async eraseUser(userId, now): Promise<Erased> {
      const installations = installationsOf(userId);
      writing(() => {
        for (const { app, bucket, id } of installations)
          rows.remove('app = ? AND bucket = ? AND id = ?', app, bucket, id);
      });
      const devices = devicesOf(userId);
      const gone = devices.filter((it) => !isThere(it));
      erase.remember([...gone.map(deviceKey), ...devices.map(bareKey)], now);
      const erased: Erased = {
        installations: installations.length,
        recipients: 0,
        failures: 0,
        closed: [],
      };
      // a device that is another user's now keeps its names
      await forgetNames([userId, ...gone.flatMap((it) => [it.id, it.token])]);
      for await (const { id, campaign_id, indices } of inChunks(devices)) {
        const closed = transaction(() => erase.from(id, indices, now));
        if (closed) erased.closed.push(campaign_id);
        erased.recipients += indices.length;
      }
      for await (const found of inFailures(devices))
        transaction(() => {
          for (const it of found)
            sql('DELETE FROM failures WHERE campaign_id = ? AND chunk_id = ? AND idx = ?').run(
              it.campaignId,
              it.chunkId,
              it.index,
            );
          erased.failures += found.length;
        });
      // on the disk, with everything above, before the caller is told that it is done
      durably(() => sql('DELETE FROM former_users WHERE user_id = ?').run(userId));
      return erased;
    },
  } satisfies Partial<Store>;
}
