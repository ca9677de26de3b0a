/** Pages of another version: of the one before this, and of a later one that a rollback leaves behind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from '../../../../functions/model/bucket.ts';
import type { Installation } from '../../../../functions/model/installation.ts';
import type { Audience } from '../../../../functions/model/schemas/audience.ts';
import type { AudienceRead, Store } from '../../../../functions/ports/ports.ts';
import {
  FORMAT,
  MOST_BYTES,
  packed,
  unpacked,
} from '../../../../functions/store/firestore/pages/codec.ts';
import {
  claimed,
  commitOf,
  EVERYBODY,
  leaseOf,
  lonelyChunk,
  MINUTE,
  NOW,
  person,
} from '../../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { takeCosts } from '../costs.ts';
import { emulator } from '../emulated.ts';
import { startProxy } from '../proxy.ts';
import { HOUR, openPaged, type Paged } from './paged.ts';

const skip = withoutEmulators('firestore');

const people = Array.from({ length: 40 }, (_, n) =>
  person(`device-${n}`, { timeZone: n % 2 ? 'Asia/Tokyo' : 'Europe/Zurich' }),
).sort((a, b) => bucketOf(a.id) - bucketOf(b.id));

async function tokens(store: Store, audience: Audience = {}, rest: Partial<AudienceRead> = {}) {
  const read = { app: 'default', audience, range: EVERYBODY, after: null, size: 100, ...rest };
  const found: string[] = [];
  for await (const page of store.streamAudience(read))
    found.push(...page.installations.map((it) => it.token));
  return found;
}

const tokensOf = (some: Installation[]) => some.map((it) => it.token);

/** Of these, another version knows what this one would need to delete them. */
const dead = people.slice(0, 12);

/** The pages as another version would have them: what this one would read of them is wrong. */
async function foreign({ schema }: Paged, format: number) {
  const more = Buffer.alloc(MOST_BYTES, 'x');
  for (const it of (await schema.pages.get()).docs) {
    const rows = unpacked(it.get('rows'), it.get('n'))!.map((row) =>
      dead.some(({ id }) => id === row.id) ? row : { ...row, token: 'of another version' },
    );
    await it.ref.update({ format, rows: packed(rows), more });
  }
}

for (const format of [FORMAT - 1, FORMAT + 1])
  test(`pages of format ${format} are no pages, for whatever reads them, and are built again`, {
    skip,
  }, async (t) => {
    const proxy = await startProxy(emulator, t);
    const it = openPaged(t, {}, proxy.host);
    await it.other.putInstallations(people);
    await it.layout('default');
    it.clock.ahead += HOUR;
    await tokens(it.other);
    await foreign(it, format);

    const [state] = await it.store.pagesState();
    assert.deepEqual([state?.pages, state?.oldest, state?.installations], [16, null, null]);
    const sample = await it.store.sampleAudience({ app: 'default', audience: {} });
    assert.deepEqual([sample.looked, sample.asOf], [people.length, null]);
    assert.deepEqual(
      sample.installations.map((one) => one.token).toSorted(),
      tokensOf(people).toSorted(),
    );
    assert.equal(await it.store.estimateAudience('default', {}), 20_000);

    // none of those that are dead is deleted by what such a page says
    const { chunkId } = await lonelyChunk(it.other, dead.length, {
      recipients: dead.map(({ id, token }) => ({ installationId: id, token })),
    });
    claimed(await it.other.claimChunk(chunkId, leaseOf('mine'), NOW));
    takeCosts(proxy);
    const forget = dead.map(({ id, token }) => ({
      installationId: id,
      token,
      since: NOW + MINUTE,
    }));
    await it.store.commitChunk(commitOf(chunkId, 'mine', { accepted: 12, open: [], forget }));
    assert.equal(takeCosts(proxy).reads.installations, dead.length);
    const left = people.slice(12);

    const wave = { isOfWave: true, audience: { not: { timeZone: ['Asia/Tokyo'] } } };
    const inWave = left.filter((one) => one.timeZone !== 'Asia/Tokyo');
    assert.deepEqual(await tokens(it.store, {}, wave), tokensOf(inWave));
    for (const page of (await it.pages()).values()) {
      assert.equal(page.format, FORMAT);
      assert.equal(
        page.more,
        undefined,
        'with what is of the other version only, it may be too large',
      );
      assert.equal(unpacked(page.rows as Uint8Array, page.n as number)?.length, page.n);
    }
    it.clock.ahead += HOUR;
    takeCosts(proxy);
    assert.deepEqual(await tokens(it.store), tokensOf(left));
    assert.ok((takeCosts(proxy).reads.installations ?? 0) < left.length, 'read from pages');
  });

for (const format of [FORMAT - 1, FORMAT + 1])
  test(`a planner of format ${format} beside: of both, the one that is slower writes nothing`, {
    skip,
  }, async (t) => {
    const proxy = await startProxy(emulator, t);
    const it = openPaged(t, { pages: { foldedAfter: 1 } }, proxy.host);
    await it.other.putInstallations(people);
    await it.layout('default');
    it.clock.ahead += HOUR;
    await tokens(it.other);
    await foreign(it, format);
    // it has read the pages before, and writes them before this planner does, or behind it
    const stale = (await it.schema.pages.get()).docs;
    let faster = 0;
    proxy.fault = async ({ method, writes }) => {
      if (method !== 'Commit' || !writes.includes('pages') || faster >= 4) return null;
      const { ref, updateTime } = stale[faster++]!;
      await ref.update({ format, theirs: true }, { lastUpdateTime: updateTime }).catch(() => {});
      return null;
    };
    assert.deepEqual(await tokens(it.store), tokensOf(people));
    assert.equal(faster, 4);
    let slower = 0;
    for (const { ref, updateTime } of stale.slice(4))
      await ref.update({ format }, { lastUpdateTime: updateTime }).catch(() => slower++);
    assert.equal(slower, stale.length - 4, 'what this planner has written stays');
    const theirs = [...(await it.pages()).values()].filter((page) => page.format === format);
    assert.ok(theirs.length > 0 && theirs.length <= 4 && theirs.every((page) => page.theirs));
    it.clock.ahead += HOUR;
    assert.deepEqual(await tokens(it.store), tokensOf(people));
    assert.ok([...(await it.pages()).values()].every((page) => page.format === FORMAT));
  });
