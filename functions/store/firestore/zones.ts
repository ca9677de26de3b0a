/**
 * The time zones that occur in an app. The index of zones is in the order of (zone, name of the installation):
 * a query finds the first installation of the app that is in a zone or a later one, and the next query begins
 * behind that zone. So it costs a read for each zone that occurs, however many installations there are, and
 * two where the database has other apps.
 */

import { each } from '../../lib/concurrency.ts';
import { BUCKETS } from '../../model/bucket.ts';
import type { Store } from '../../ports/ports.ts';
import type { Client } from './client.ts';
import { BY_NAME, bucketName, type Schema } from './schema.ts';

/** Where the parts begin that are looked through side by side: the queries of a part wait for each other. */
const PARTS = ['', 'America', 'America/M', 'Asia', 'Asia/K', 'Europe', 'Europe/M', 'Indian'];

export const firestoreZones = (client: Client, schema: Schema) =>
  ({
    async zonesOf(app) {
      const found = await each([...PARTS.entries()], PARTS.length, ([i, from]) =>
        zonesIn(client, schema, app, { from, to: PARTS[i + 1] }),
      );
      return found.flat();
    },
  }) satisfies Partial<Store>;

/** Those from the name `from` on, and before `to`, if that is given. */
async function zonesIn(
  client: Client,
  { installations }: Schema,
  app: string,
  { from, to }: { from: string; to: string | undefined },
): Promise<string[]> {
  const [first, end] = [bucketName(app, 0), bucketName(app, BUCKETS)];
  const inOrder = installations.orderBy('timeZone').orderBy(BY_NAME).select('timeZone').limit(1);
  const zones: string[] = [];
  for (let at = from; ; ) {
    const after = inOrder.startAt(at, first);
    const query = to === undefined ? after : after.endBefore(to);
    const [found] = (await client.read(() => query.get())).docs;
    if (!found) return zones;
    const zone: string = found.get('timeZone');
    // of another app: it has none in this zone, or they are behind
    const isBehind = found.id < first;
    if (!isBehind && found.id < end) zones.push(zone);
    // a blank comes before all that a longer name goes on with
    at = isBehind ? zone : `${zone} `;
  }
}
