/**
 * A planner reads a page, built or absent, and stops before each of its calls while something else
 * happens. It may reach who was in the audience before or after that, must reach who was there all the
 * time, and what it leaves in pages is right.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BucketRange, bucketOf } from '../../../../functions/model/bucket.ts';
import type { Installation } from '../../../../functions/model/installation.ts';
import type { Store } from '../../../../functions/ports/ports.ts';
import { unpacked } from '../../../../functions/store/firestore/pages/codec.ts';
import { NOW, person } from '../../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { emulator } from '../emulated.ts';
import { idIn } from '../marked.ts';
import { startProxy } from '../proxy.ts';
import { HOUR, openPaged, type Paged } from './paged.ts';

const skip = withoutEmulators('firestore');

/** The first cell, which is one page on the least level. */
const CELL: BucketRange = { from: 0, to: 2 ** 28 };
const IDS = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay'].map((it) => idIn('0', it));
const [ANN, BOB, CAT] = IDS as [string, string, string];
const FAR = idIn('f', 'far');

interface Scene {
  it: Paged;
  app: string;
  put(id: string, rest?: Partial<Installation>): Promise<void>;
}

/** What happens to the first of them, who is in the page unchanged, or to the second, who has changed since. */
const events: Record<string, (scene: Scene) => Promise<unknown>> = {
  'one opts out': ({ put }) => put(ANN, { optedOut: true }),
  'one that has changed opts out': ({ put }) => put(BOB, { optedOut: true }),
  'one gets a token': ({ put }) => put(ANN, { token: 'its next' }),
  'one is deleted': ({ it, app }) => it.other.deleteInstallation(app, ANN),
  'one that has changed is deleted': ({ it, app }) => it.other.deleteInstallation(app, BOB),
  'one loses its token to another cell': ({ put }) => put(FAR, { token: `token-of-${ANN}` }),
  'one is deleted and registers again': async ({ it, app, put }) => {
    await it.other.deleteInstallation(app, ANN);
    await put(ANN, { token: 'its next' });
  },
  'one says that it is still there': ({ put }) => put(ANN, { refreshedAt: NOW + 1 }),
  'one is new': ({ put }) => put(idIn('0', 'new')),
  'its user is erased': async ({ it, app }) => {
    await it.other.eraseUser('ada', NOW);
    await erased(it, app, 'ada');
  },
  'a user is erased whose device is now another user’s': async ({ it, app }) => {
    await it.other.eraseUser('cyd', NOW);
    await erased(it, app, 'cyd');
  },
  'another planner reads': ({ it, app }) => read(it.other, app),
  'one opts out and another planner reads': async ({ it, app, put }) => {
    await put(BOB, { optedOut: true });
    await read(it.other, app);
  },
  'all pages are deleted': ({ it }) => it.drop(),
  'the app gets twice the pages': ({ it, app }) => it.layout(app, 5),
};

/** No page has a row of an erased user, of whatever device. */
async function erased(it: Paged, app: string, user: string) {
  const rows = await rowsOf(it, app);
  assert.deepEqual(
    rows.filter((row) => row.userId === user),
    [],
  );
}

async function rowsOf(it: Paged, app: string) {
  const rows = [];
  for (const [name, { rows: bytes, n }] of await it.pages())
    if (name.startsWith(`${app}~`) && bytes)
      rows.push(...unpacked(bytes as Uint8Array, n as number)!);
  return rows;
}

async function read(store: Store, app: string) {
  const found: [id: string, token: string][] = [];
  const all = { app, audience: {}, range: CELL, after: null, size: 3 };
  for await (const { installations } of store.streamAudience(all))
    found.push(...installations.map((it): [string, string] => [it.id, it.token]));
  return found;
}

/** Who is in the audience, as the documents say. */
async function inAudience({ schema }: Paged, app: string): Promise<[id: string, token: string][]> {
  const { docs } = await schema.installations.get();
  return docs
    .filter((it) => it.id.startsWith(`${app}~0`) && it.get('optedOut') !== true)
    .map((it): [string, string] => [it.id.split('~')[2]!, it.get('token')])
    .sort(([a], [b]) => bucketOf(a) - bucketOf(b));
}

const keys = (all: [string, string][]) => new Set(all.map((it) => it.join(' ')));

/** What may go wrong while a page is built. */
const whileBuilt = /^(one opts out|one is deleted|its user|a user|another)/;

for (const isBuilt of [true, false])
  for (const [event, happen] of Object.entries(events).filter(
    ([event]) => isBuilt || whileBuilt.test(event),
  ))
    test(`${event}, before each call of a planner, its page ${isBuilt ? 'built' : 'absent'}`, {
      skip,
    }, async (t) => {
      const proxy = await startProxy(emulator, t);
      const pages = { querySize: 2, foldedAfter: 1 };
      const it = openPaged(t, { pages }, proxy.host);
      for (let call = 0, calls = 1; call < calls; call++) {
        const app = `app-${call}`;
        const put = (id: string, rest: Partial<Installation> = {}) =>
          it.other.putInstallations([person(id, { app, ...rest }, rest.refreshedAt ?? NOW)]);
        const userOf = (id: string) => (id === ANN ? 'ada' : id === CAT ? 'cyd' : undefined);
        for (const id of IDS) await put(id, { userId: userOf(id) });
        it.clock.ahead += HOUR;
        await it.layout(app);
        if (isBuilt) await read(it.other, app);
        it.clock.ahead += HOUR;
        await put(BOB, { tags: ['changed'] });
        await put(IDS[3]!, { tags: ['changed'] });
        // its page still says that it is cyd's
        await put(CAT, { userId: 'dot' });

        const before = await inAudience(it, app);
        const begun = proxy.calls.length;
        let happened = false;
        proxy.fault = async () => {
          if (proxy.calls.length - begun !== call + 1) return null;
          happened = true;
          await happen({ it, app, put });
          return null;
        };
        const found = await read(it.store, app);
        proxy.fault = () => null;
        calls = Math.max(calls, proxy.calls.length - begun);
        // a planner may need fewer calls than another: writes are side by side
        if (!happened) continue;
        const after = await inAudience(it, app);

        const what = `${event} before call ${call}`;
        const [was, is, got] = [before, after, found].map(keys) as [
          Set<string>,
          Set<string>,
          Set<string>,
        ];
        for (const one of got)
          assert.ok(was.has(one) || is.has(one), `${what}: ${one} was reached`);
        for (const one of was)
          if (is.has(one)) assert.ok(got.has(one), `${what}: ${one} is missing`);
        assert.equal(found.length, new Set(found.map(([id]) => id)).size, `${what}: once each`);
        if (event === 'its user is erased') await erased(it, app, 'ada');
        if (event.startsWith('a user is erased')) await erased(it, app, 'cyd');

        // what was left in pages, with its changes and then folded
        for (let round = 0; round < 2; round++) {
          it.clock.ahead += HOUR;
          assert.deepEqual(await read(it.other, app), after, `${what}, read ${round + 1} h later`);
        }
      }
      t.diagnostic(`${proxy.calls.length} calls`);
    });
