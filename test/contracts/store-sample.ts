/** The part of the store's contract that is about samples of audiences. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS } from '../../functions/model/bucket.ts';
import { installation, type Reached } from '../../functions/model/installation.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { chance, type MakeStore, NOW } from './store-fixture.ts';
import { crowd, expression } from './store-matching.ts';

const carried = ['platform', 'language'] as const;

async function streamed(store: Store, audience: Audience) {
  const range = { from: 0, to: BUCKETS };
  const read = { app: 'default', audience, range, after: null, size: 500, carried };
  const found = [];
  for await (const page of store.streamAudience(read)) found.push(...page.installations);
  return found;
}

export function sampleContract(name: string, makeStore: MakeStore) {
  test(`${name}: the sample of a small registry is the audience, as it is now`, async (t) => {
    const store = await makeStore(t);
    const dice = chance(5);
    const people = crowd(dice);
    await store.putInstallations(people);
    const audiences: Audience[] = [
      ...[{}, { platform: ['ios' as const] }, { tags: { none: ['vip'] } }],
      // found by two queries, or more
      { tags: { any: Array.from({ length: 40 }, (_, n) => (n === 39 ? 'vip' : `tag-${n}`)) } },
      { userIds: Array.from({ length: 200 }, (_, n) => `user-${n}`) },
      { or: [{ installationIds: ['device-1'] }, { tokens: ['token-2'] }] },
      { and: [{ tokens: ['token-1', 'token-2', 'token-nowhere'] }, {}] },
      ...Array.from({ length: 25 }, () => expression(dice, 3)),
    ];
    const shown = ({ id, token, platform, language }: Reached) => ({
      id,
      token,
      platform,
      language: language ?? null,
    });
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    for (const audience of audiences) {
      const what = JSON.stringify(audience);
      const found = await store.sampleAudience({ app: 'default', audience, carried });
      assert.deepEqual(
        found.installations.map(shown).sort(byId),
        (await streamed(store, audience)).map(shown).sort(byId),
        what,
      );
      assert.deepEqual([found.share, found.asOf, found.looked], [1, null, found.counted], what);
    }
  });

  test(`${name}: who opted out or is of another app is in no sample`, async (t) => {
    const store = await makeStore(t);
    const one = (id: string, app = 'default') =>
      installation(
        id,
        {
          app,
          platform: 'ios' as const,
          token: `token-of-${id}`,
          tags: [],
          attributes: {},
          environment: 'production',
        },
        NOW,
      );
    await store.putInstallations([
      one('in'),
      { ...one('out'), optedOut: true },
      one('other', 'other'),
    ]);
    for (const audience of [{}, { installationIds: ['in', 'out', 'other'] }]) {
      const { installations } = await store.sampleAudience({ app: 'default', audience });
      assert.deepEqual(
        installations.map((it) => it.id),
        ['in'],
      );
    }
    const { installations, looked } = await store.sampleAudience({ app: 'nothing', audience: {} });
    assert.deepEqual([installations, looked], [[], 0]);
  });
}
