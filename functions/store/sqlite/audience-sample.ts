/** The size of an audience, as its counts tell, and a sample of it. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { matches } from '../../model/audience/matches.ts';
import { BUCKETS } from '../../model/bucket.ts';
import type { Reached } from '../../model/installation.ts';
import type { Audience } from '../../model/schemas/audience.ts';
import type { AudienceSample, SampleRead } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import type { PastReader } from '../past.ts';
import {
  COLUMNS,
  condition,
  holes,
  isAbout,
  joined,
  reader,
  type Sql,
  selected,
} from './audience-query.ts';
import { hash48, inLanguages } from './lookups.ts';

/** Installations of a sample, and the parts of the buckets that they are from: 10 ms. */
const [SAMPLED, STRIPS] = [8_000, 4];

const COUNTED: ReadonlySet<string> = new Set(['platform', 'language']);

/** Whether the counts by platform and language tell its size. */
const isCountable = (audience: Audience) => Object.keys(audience).every((it) => COUNTED.has(it));

/** The same, with those that have opted out of its category, which are counted while they are read. */
export const isCountableWhole = ({ category: _, ...audience }: Audience) => isCountable(audience);

export const WHOLE = { share: 1, between: null, asOf: null };

/** The first installations of each of a few parts of the buckets. The number of all is known. */
export async function sample(
  db: Database,
  { app, audience, carried = [] }: SampleRead,
  past: PastReader,
): Promise<AudienceSample> {
  const looked = COLUMNS.filter((it) => isAbout(audience, it));
  const read = [...new Set([...looked, ...carried])];
  const rowsOf = db.sql(
    `SELECT ${selected(read)} FROM installations
     WHERE app = ? AND opted_out = 0 AND bucket >= ? AND bucket < ? ORDER BY bucket, id LIMIT ?`,
  );
  const reached = reader(read);
  const width = BUCKETS / STRIPS;
  const installations: Reached[] = [];
  let seen = 0;
  let isWhole = true;
  for (let n = 0; n < STRIPS; n++) {
    const some = rowsOf.lists(app, n * width, (n + 1) * width, SAMPLED / STRIPS);
    seen += some.length;
    const found = some.map(reached);
    await past.add(found);
    installations.push(...found.filter((it) => matches(audience, it)));
    if (some.length === SAMPLED / STRIPS) isWhole = false;
    await nextTurn();
  }
  const all = { ...WHOLE, installations, looked: seen, counted: seen };
  if (isWhole) return all;
  const most = sizeOf(db, app, audience);
  const between = { least: isCountable(audience) ? most : 0, most };
  return { ...all, counted: Math.max(seen, sizeOf(db, app, {})), between };
}

/** At most what its narrowest condition has, and together what those of an `or` have. */
export function sizeOf(db: Database, app: string, audience: Audience): number {
  const { installationIds, tokens, and = [], or } = audience;
  const inner = (it: Audience) => sizeOf(db, app, it);
  const { text, values } = counted(app, audience);
  return Math.min(
    db.sql<{ size: number | null }>(text).get(...values)?.size ?? 0,
    ...[installationIds, tokens].flatMap((it) => (it ? [it.length] : [])),
    ...and.map(inner),
    ...(or ? [or.map(inner).reduce((sum, it) => sum + it, 0)] : []),
  );
}

/** What is counted as it is written: those that have not opted out. */
function counted(app: string, { userIds, platform, language }: Audience): Sql {
  if (userIds) {
    const hashes = userIds.map((it) => hash48(app, it));
    return condition(`SELECT count(*) AS size FROM users WHERE hash IN (${holes(hashes)})`, hashes);
  }
  const all = [condition('app = ?', [app]), condition('opted_out = 0')];
  if (platform) all.push(condition(`platform IN (${holes(platform)})`, platform));
  if (language) {
    const { text, values } = inLanguages(language);
    all.push(condition(`language ${text}`, values));
  }
  const { text, values } = joined(all, ' AND ');
  return condition(`SELECT sum(size) AS size FROM installation_counts WHERE ${text}`, values);
}
