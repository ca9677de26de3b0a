/** What an estimate counts exactly is read or left out: else a campaign is told to have left some unread. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Audience } from '../../../../functions/model/schemas/audience.ts';
import { chance, EVERYBODY } from '../../../contracts/store-fixture.ts';
import { crowd } from '../../../contracts/store-matching.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { HOUR, openPaged } from './paged.ts';

const skip = withoutEmulators('firestore');

test('what is counted exactly is read or left out, also before any page is built', {
  skip,
}, async (t) => {
  const it = openPaged(t);
  const people = crowd(chance(31)).map((one, n) => ({ ...one, optedOut: n % 3 === 0 }));
  await it.store.putInstallations(people);
  await it.layout('default');
  it.clock.ahead += HOUR;
  const audiences: Audience[] = [
    {},
    { platform: ['ios'], timeZone: ['Europe/Zurich'] },
    { tags: { all: ['vip'] } },
    { category: 'marketing' },
    { userIds: ['user-1', 'user-2'] },
  ];
  for (const audience of audiences) {
    const estimate = await it.store.estimateAudience('default', audience);
    let [read, leftOut] = [0, 0];
    const all = { app: 'default', audience, range: EVERYBODY, after: null, size: 100 };
    for await (const page of it.store.streamAudience(all)) {
      read += page.installations.length;
      leftOut += page.leftOut ?? 0;
    }
    const what = `${JSON.stringify(audience)}: ${read} read, ${leftOut} left out of ${estimate}`;
    if (it.store.countsExactly(audience, estimate)) assert.equal(read + leftOut, estimate, what);
    await it.drop();
  }
});
