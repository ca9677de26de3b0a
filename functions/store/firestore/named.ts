/** Installations that an audience names one by one: few, so all are read together. */

import type { DocumentSnapshot, Query } from '@google-cloud/firestore';
import { matches } from '../../model/audience/matches.ts';
import { BUCKETS } from '../../model/bucket.ts';
import type { Reached } from '../../model/installation.ts';
import type { NamedRead, Store } from '../../ports/ports.ts';
import { type PastSource, pastFor } from '../past.ts';
import { byIds, withTokens } from './audience/documents.ts';
import { narrowed } from './audience/narrowed.ts';
import { fieldsFor, type Row, toReached, toRow } from './audience/row.ts';
import type { Client } from './client.ts';
import { BY_NAME, bucketName, type InstallationFields, idOf, type Schema } from './schema.ts';

const range = { from: 0, to: BUCKETS };

export const firestoreNamed = (client: Client, schema: Schema, source: PastSource) =>
  ({
    async readNamed(read): Promise<Reached[] | null> {
      const { app, audience, most } = read;
      const fields = fieldsFor(read);
      const found = narrowed(schema.installations, audience);
      if ('queries' in found) {
        const rows = await rowsOf(client, found.queries, fields, read);
        return rows && reached(source, rows, read);
      }
      const ids =
        found.kind === 'ids'
          ? found.installationIds
          : await withTokens({ client, schema }, app, found.tokens);
      if (ids.length > most) return null;
      const rows = await byIds(client, schema, ids, { app, range, after: null, fields });
      return reached(source, rows, read);
    },
  }) satisfies Partial<Store>;

async function reached(source: PastSource, rows: Row[], { audience, carried = [] }: NamedRead) {
  const past = pastFor(source, audience);
  await past.add(rows).finally(past.close);
  return rows.filter((it) => matches(audience, it)).map((it) => toReached(it, carried));
}

/**
 * What the queries find; null if that is more than `most`. Each is asked once, for one more than that: its
 * answer is whole, or an error (whole-answers.ts), so no second query has to find that nothing follows.
 */
async function rowsOf(
  client: Client,
  queries: Query[],
  fields: string[],
  { app, most }: NamedRead,
): Promise<Row[] | null> {
  const whole = (query: Query) =>
    client.read(() =>
      query
        .select(...fields)
        .orderBy(BY_NAME)
        .startAt(bucketName(app, 0))
        .endBefore(bucketName(app, BUCKETS))
        .limit(most + 1)
        .get(),
    );
  const byName = new Map<string, DocumentSnapshot>();
  for (const { docs } of await Promise.all(queries.map(whole)))
    for (const it of docs) byName.set(it.id, it);
  if (byName.size > most) return null;
  return [...byName.keys()]
    .sort()
    .map((name) => toRow(idOf(name).id, byName.get(name)!.data() as InstallationFields));
}
