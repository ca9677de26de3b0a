import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countRegistry } from '../../../functions/pipeline/audience/registry.ts';
import type { AudienceSample, Store } from '../../../functions/ports/ports.ts';
import { NOW, person } from '../../contracts/store-fixture.ts';

test('a sample of a large registry is extrapolated, with its interval and its age', async () => {
  const installations = Array.from({ length: 1_000 }, (_, n) =>
    person(`device-${n}`, {
      platform: n < 600 ? 'ios' : 'android',
      ...(n < 100 && { permission: 'denied' }),
      ...(n < 900 && { language: 'de' }),
    }),
  );
  const sample: AudienceSample = {
    installations,
    looked: 1_000,
    counted: 20_000,
    share: 1 / 8,
    between: null,
    asOf: NOW,
  };
  const store = {
    countKinds: async () => null,
    sampleAudience: async () => sample,
  } as Partial<Store> as Store;
  const { interval, ...found } = await countRegistry({ store }, 'default');
  assert.deepEqual(found, {
    installations: 160_000,
    exact: false,
    asOf: NOW,
    counted: 1_000,
    optedOut: null,
    platforms: { ios: 96_000, android: 64_000 },
    languages: { de: 144_000, '': 16_000 },
    permissions: { unknown: 144_000, denied: 16_000 },
  });
  assert.ok(interval.low < 160_000 && interval.high > 160_000, JSON.stringify(interval));
});
