/** Recipients that were not accepted in the end. */

import type { Failure } from '../../model/chunk.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { nameAndIndex } from '../cursor.ts';

export type FailureRow = Omit<Failure, 'pruned' | 'detail'> & {
  pruned: 0 | 1;
  detail: string | null;
};

/** Selects `FailureRow`s. */
export const SELECT_FAILURE = `SELECT campaign_id AS campaignId, chunk_id AS chunkId, idx AS "index",
  provider, installation_id AS installationId, token, outcome, reason, attempts, at, pruned, detail
  FROM failures`;

const CURSOR = /^([\w.-]{1,200})~(\d{1,9})$/;

export function sqliteFailures({ sql }: Database) {
  return {
    /** Runs in the transaction of the commit that learnt of them. */
    insertFailures(failures: Failure[]) {
      const insert = sql('INSERT INTO failures VALUES (?,?,?,?,?,?,?,?,?,?,?,?)');
      for (const it of failures)
        insert.run(
          it.campaignId,
          it.chunkId,
          it.index,
          it.provider,
          it.installationId,
          it.token,
          it.outcome,
          it.reason,
          it.attempts,
          it.at,
          it.pruned ? 1 : 0,
          it.detail ?? null,
        );
    },

    async listFailures(campaignId, after, limit) {
      const [chunkId, index] = after === null ? ['', -1] : nameAndIndex(after, CURSOR);
      const rows = sql<FailureRow>(
        `${SELECT_FAILURE} WHERE campaign_id = ? AND (chunk_id, idx) > (?, ?)
         ORDER BY chunk_id, idx LIMIT ?`,
      ).all(campaignId, chunkId, index, limit + 1);
      const items = rows.slice(0, limit).map(toFailure);
      const last = items.at(-1);
      return {
        items,
        next: rows.length > limit && last ? `${last.chunkId}~${last.index}` : null,
      };
    },
  } satisfies Partial<Store> & Record<string, unknown>;
}

export const toFailure = ({ pruned, detail, ...row }: FailureRow): Failure => ({
  ...row,
  ...(pruned === 1 && { pruned: true }),
  ...(detail !== null && { detail }),
});
