/** What everything that writes installations has in common. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Client } from '../client.ts';
import type { Schema } from '../schema.ts';

export interface Registry {
  client: Client;
  schema: Schema;
  /** How long it is kept which user an installation belonged to. */
  retentionDays: number;
}

/** Documents by their path. */
export type ByPath = ReadonlyMap<string, DocumentSnapshot>;

export const byPath = (found: DocumentSnapshot[]): ByPath =>
  new Map(found.map((it) => [it.ref.path, it]));
