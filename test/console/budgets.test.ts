/** The sizes of the console, as browsers get them: compressed by brotli, 1 kB is 1,000 bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizesOf } from './sizes.ts';

test('the console is small', async () => {
  const { firstLoadKb, totalKb, cssKb } = await sizesOf();
  assert.ok(firstLoadKb <= 45, `first load: ${firstLoadKb} kB of JavaScript`);
  assert.ok(cssKb <= 12, `${cssKb} kB of CSS`);
  assert.ok(totalKb <= 90, `${totalKb} kB in all`);
});
