/** Removes the installations that a run of imports has not seen. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { chunked } from '../../../lib/chunked.ts';
import { BUCKETS } from '../../../model/bucket.ts';
import type { Store } from '../../../ports/ports.ts';
import { partBelow } from '../../cursor.ts';
import { mayPrune } from '../../import-run.ts';
import { documentsOf } from '../documents.ts';
import { BY_NAME, bucketName, type ImportFields, idOf } from '../schema.ts';
import { changeInstallations } from './change.ts';
import { PARTS, seenBy } from './import-runs.ts';
import type { Registry } from './registry.ts';
import { removeWhere } from './removal.ts';

/** The fields that keep one which was not seen. */
const KEEPING = ['refreshedAt', 'optedOut', 'optedOutOf'];
/** Installations read in one query. */
const PAGE = 1_000;
/** Installations removed in one transaction: four writes each, of 500. */
const REMOVED = 100;

export const firestorePrune = (registry: Registry): Pick<Store, 'pruneInstallations'> => ({
  async pruneInstallations(app, run, after, dryRun) {
    const { client, schema } = registry;
    const [began] = await client.get([schema.import(run)]);
    if (!began?.exists) return null;
    const { beganAt } = began.data() as ImportFields;
    if (!mayPrune({ beganAt }, client.now())) return null;
    const part = after === null ? 0 : partBelow(PARTS, after);
    const seen = await seenBy(registry, run, part, app);
    const isGone = (it: DocumentSnapshot) =>
      !seen.has(idOf(it.id).id) &&
      it.get('refreshedAt') < beganAt &&
      it.get('optedOut') !== true &&
      it.get('optedOutOf') === undefined;
    let found = 0;
    for await (const batch of inPart(registry, app, part)) {
      const gone = batch.filter(isGone).map((it) => ({ app, id: idOf(it.id).id }));
      if (dryRun) found += gone.length;
      else
        for (const some of chunked(gone, REMOVED)) found += await removed(registry, some, isGone);
    }
    return { found, next: part + 1 === PARTS ? null : String(part + 1) };
  },
});

/** The app's installations in that part of the buckets, with what says whether they stay. */
function inPart({ client, schema }: Registry, app: string, part: number) {
  const [from, to] = [part, part + 1].map((it) => bucketName(app, (BUCKETS / PARTS) * it));
  const query = schema.installations
    .select(...KEEPING)
    .orderBy(BY_NAME)
    .startAt(from)
    .endBefore(to)
    .limit(PAGE);
  return documentsOf(client, query);
}

/** Removes them as they are now: an installation that has registered meanwhile stays. */
function removed(
  registry: Registry,
  names: { app: string; id: string }[],
  isGone: (it: DocumentSnapshot) => boolean,
): Promise<number> {
  let first = 0;
  return changeInstallations(registry, async (change) => {
    const gone = await removeWhere(change, names, isGone, KEEPING);
    // if the answer to the first commit was lost, they are gone now
    first ||= gone.length;
    return gone.length || first;
  });
}
