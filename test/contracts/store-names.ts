import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allFailures,
  campaignOf,
  claimed,
  commitOf,
  EVERYBODY,
  leaseOf,
  type MakeStore,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';

/** What every object has without having it. */
const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__'];

/** As JSON.parse makes it: own properties of these names. */
const each = <T>(value: T): Record<string, T> =>
  Object.fromEntries(NAMES.map((name) => [name, value]));
const sorted = (it: object | undefined) => Object.entries(it ?? {}).sort();

export function nameContract(name: string, makeStore: MakeStore) {
  test(`${name}: names of an object's prototype are names like any other in a registry`, async (t) => {
    const store = await makeStore(t);
    for (const app of NAMES) {
      const it = person(app, {
        app,
        userId: app,
        token: app,
        tags: NAMES,
        attributes: each('own'),
      });
      await store.putInstallations([it, person('other', { app, tags: ['x'] })]);
      const stored = await store.getInstallation(app, app);
      assert.deepEqual([stored?.userId, stored?.tags], [app, NAMES]);
      assert.deepEqual(sorted(stored?.attributes), sorted(each('own')));
      for (const audience of [
        { tags: { any: [app] } },
        { userIds: [app] },
        { tokens: [app] },
        { attributes: Object.fromEntries([[app, { '=': 'own' }]]) },
      ]) {
        const found: string[] = [];
        for await (const page of store.streamAudience({
          app,
          audience,
          range: EVERYBODY,
          after: null,
          size: 10,
        }))
          found.push(...page.installations.map((it) => it.id));
        assert.deepEqual(found, [app], JSON.stringify(audience));
      }
      for (const name of NAMES) {
        const segment = { app, name, audience: { tags: { any: [name] } }, updatedAt: NOW };
        await store.putSegment(segment);
        assert.deepEqual(await store.getSegment(app, name), segment);
      }
      const { items } = await store.listSegments(app, null, 10);
      assert.deepEqual(items.map((it) => it.name).toSorted(), NAMES.toSorted());
    }
  });

  test(`${name}: variables and reasons are counted, whatever they are named`, async (t) => {
    const store = await makeStore(t);
    const message = { ...campaignOf().message, data: each('own') };
    const id = await running(store, 2, { message });
    assert.deepEqual(sorted((await store.getCampaign(id))?.message.data), sorted(each('own')));
    const recipients = NAMES.map((installationId) => ({
      installationId,
      token: installationId,
      values: each('own'),
    }));
    for (const shard of [0, 1]) {
      const page = pageOf(id, [NAMES.length], { shard, missing: each(1), chunk: { recipients } });
      await store.freezePage(page);
      await store.freezePage(pageOf(id, [], { shard, page: 1, last: true, missing: each(2) }));
      const chunkId = `${id}.${shard}.0.0`;
      const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('lease'), NOW));
      for (const it of chunk.recipients)
        assert.deepEqual(sorted(it.values), sorted(each('own')), it.installationId);
      const commit = commitOf(chunkId, 'lease', { failed: [0, 1, 2, 3, 4], open: [] });
      const failures = commit.failures.map((it, i) => ({ ...it, reason: NAMES[i]! }));
      await store.commitChunk({ ...commit, failures });
    }
    const counts = await store.counts(id);
    assert.deepEqual(sorted(counts.reasons), sorted(each(2)));
    assert.deepEqual(sorted(counts.missing), sorted(each(6)));
    assert.equal(counts.failed, 2 * NAMES.length);
    const reasons = (await allFailures(store, id)).map((it) => it.reason);
    assert.deepEqual(new Set(reasons), new Set(NAMES));
  });
}
