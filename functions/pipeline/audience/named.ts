/**
 * An audience that names its recipients one by one: an upload, or tokens that no installation may have.
 * The names are read in the order of their buckets and looked up in batches. So its shards are ranges
 * of names, and memory does not grow with the size.
 */

import { chunked } from '../../lib/chunked.ts';
import { matches } from '../../model/audience/matches.ts';
import { BUCKETS, type BucketRange, bucketOf, type Cursor } from '../../model/bucket.ts';
import type { Target } from '../../model/campaign.ts';
import { namedToken } from '../../model/canonical/token.ts';
import { installation, type Reached, unregisteredId } from '../../model/installation.ts';
import type { Audience, Unregistered } from '../../model/schemas/audience.ts';
import { NAMES_SIZE } from '../../model/sizes.ts';
import type { AudiencePage, AudienceRead, Store } from '../../ports/ports.ts';
import { withPast } from './past.ts';

type Named = Extract<Target, { kind: 'named' }>;
type Reader = Pick<
  Store,
  'readUpload' | 'getUpload' | 'streamAudience' | 'registeredTokens' | 'pastOf'
>;

const EVERYWHERE: BucketRange = { from: 0, to: BUCKETS };

/**
 * Pages of `size` installations, or of up to a batch of tokens more, from the names in `range` after a
 * cursor. A user may have any number of installations, so a page may end within a batch of names: its
 * cursor then holds the name before the batch, and the installation. Throws when the upload has expired.
 */
export async function* namedPages(
  store: Reader,
  { names, unregistered, audience }: Named,
  { app, range, after, size, carried }: Omit<AudienceRead, 'audience'>,
): AsyncGenerator<AudiencePage> {
  const of = 'tokens' in names ? 'tokens' : (await store.getUpload(names.upload))?.of;
  // an error, since an empty page would mean that all names were read
  if (of === undefined) throw new Error('the upload has expired: its names cannot be read');
  let { start, within } = parseCursor(after);
  let page: Reached[] = [];
  for await (const listed of namesOf(store, names, range, start)) {
    // earlier versions stored uploaded tokens as they came
    const some = of === 'tokens' ? [...new Set(listed.map(namedToken))] : listed;
    const batch: Audience = { [of]: some, and: [audience] };
    for (let ended = false; !ended; ) {
      ended = true;
      const room = size - page.length;
      const stream = store.streamAudience({
        app,
        audience: batch,
        range: EVERYWHERE,
        after: within,
        size: room,
        carried,
      });
      for await (const found of stream) {
        page = page.concat(found.installations);
        within = found.cursor;
        if (page.length < size) continue;
        yield {
          installations: page,
          cursor: cursorOf(start ?? { bucket: range.from, id: '' }, within),
        };
        page = [];
        // the stream was asked for fewer than there is room for now: ask again
        ended = false;
        break;
      }
    }
    if (unregistered) {
      const known = new Set(await store.registeredTokens(app, some));
      const others = some
        .filter((it) => !known.has(it))
        .map((it) => asInstallation(app, it, unregistered));
      for (const it of await withPast(store, audience, others))
        if (matches(audience, it)) page.push(it);
    }
    const last = listed.at(-1)!;
    start = { bucket: bucketOf(last), id: last };
    within = null;
    if (page.length >= size) {
      yield { installations: page, cursor: cursorOf(start, null) };
      page = [];
    }
  }
  if (page.length > 0 && start) yield { installations: page, cursor: cursorOf(start, null) };
}

async function* namesOf(
  store: Reader,
  names: Named['names'],
  range: BucketRange,
  after: Cursor | null,
): AsyncIterable<string[]> {
  if ('upload' in names) return yield* store.readUpload(names.upload, range, after, NAMES_SIZE);
  const inOrder = [...new Set(names.tokens)]
    .map((id) => ({ id, bucket: bucketOf(id) }))
    .filter((it) => it.bucket >= range.from && it.bucket < range.to)
    .filter((it) => after === null || comesAfter(it, after))
    .sort((a, b) => (comesAfter(a, b) ? 1 : -1));
  for (const some of chunked(inOrder, NAMES_SIZE)) yield some.map((it) => it.id);
}

const comesAfter = (a: Cursor, b: Cursor) =>
  a.bucket > b.bucket || (a.bucket === b.bucket && a.id > b.id);

/** A token that no installation has, as an installation. */
const asInstallation = (
  app: string,
  token: string,
  { platform, provider, environment }: Unregistered,
) =>
  installation(
    unregisteredId(token),
    { app, platform, provider, environment, token, tags: [], attributes: {} },
    0,
  );

/** Id of a cursor: `=name`, or `bucket:id=name` within the installations of the batch after that name. */
function cursorOf(start: Cursor, within: Cursor | null): Cursor {
  const inBatch = within === null ? '' : `${within.bucket}:${within.id}`;
  return { bucket: start.bucket, id: `${inBatch}=${start.id}` };
}

function parseCursor(it: Cursor | null): { start: Cursor | null; within: Cursor | null } {
  if (it === null) return { start: null, within: null };
  // an installation's id has no `=`
  const sign = it.id.indexOf('=');
  const inBatch = it.id.slice(0, sign);
  const colon = inBatch.indexOf(':');
  return {
    start: { bucket: it.bucket, id: it.id.slice(sign + 1) },
    within:
      colon === -1
        ? null
        : { bucket: Number(inBatch.slice(0, colon)), id: inBatch.slice(colon + 1) },
  };
}
