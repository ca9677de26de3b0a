/** Rows whose record is JSON, since no query looks into it, and their lists. */

import { timeAndName } from '../cursor.ts';

export interface RecordRow {
  /** JSON */
  record: string;
}

export const toRecord = <T>({ record }: RecordRow): T => JSON.parse(record);

export const newestFirst = (cursor: string | null): [at: number, id: string] =>
  cursor === null ? [Number.MAX_SAFE_INTEGER, ''] : timeAndName(cursor);

/** A page of a list that was read newest first. `rows` has one more than `limit` if there are more. */
export function pageOf<T extends { id: string; createdAt: number }>(
  rows: RecordRow[],
  limit: number,
) {
  const items = rows.slice(0, limit).map(toRecord<T>);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? `${last.createdAt}.${last.id}` : null };
}
