import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examine } from '../../functions/doctor/check.ts';
import { pagesCheck } from '../../functions/doctor/pages.ts';
import type { PagesState } from '../../functions/ports/ports.ts';

const NOW = Date.UTC(2026, 10, 21, 13);
const HOUR = 60 * 60 * 1000;

const detailOf = async (apps: PagesState[]) => {
  const [finding] = await examine([pagesCheck({ pagesState: async () => apps }, () => NOW)]);
  assert.equal(finding!.state, 'well');
  return finding!.detail;
};

test('the doctor says how many pages there are, and how old', async () => {
  const of = { of: 512, builtFrom: NOW - HOUR, installations: 1_000_123 };
  assert.equal(
    await detailOf([
      { app: 'default', pages: 512, oldest: NOW - 5 * HOUR, ...of },
      { app: 'shop', pages: 500, oldest: NOW - 21 * 24 * HOUR, ...of },
    ]),
    'default: 512 of 512, about 1,000,123 installations, up to 5 h old; ' +
      'shop: 500 of 512, about 1,000,123 installations, up to 21 days old',
  );
});

test('the doctor says why there are no pages', async () => {
  const none = { app: 'default', pages: 0, of: 16, oldest: null, installations: null };
  assert.match(await detailOf([]), /^none yet: the first campaign to 20,000 /);
  assert.equal(
    await detailOf([{ ...none, builtFrom: NOW + HOUR }]),
    'default: 0 of 16, built from 2026-11-21T14:00:00.000Z on',
  );
  assert.equal(
    await detailOf([{ ...none, builtFrom: NOW }]),
    'default: 0 of 16, built by the next campaign',
  );
});
