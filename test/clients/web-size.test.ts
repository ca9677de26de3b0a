/** The web client as browsers get it: compressed by brotli, 1 kB is 1,000 bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { bundleWeb } from '../../clients/build/web.ts';

test('the web client has at most 3 kB, its worker included', async (t) => {
  const sizes = Object.entries(await bundleWeb()).map(
    ([name, bytes]) => [name, brotliCompressSync(bytes).length] as const,
  );
  for (const [name, bytes] of sizes) t.diagnostic(`${name}: ${bytes} bytes`);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  assert.ok(total <= 3_000, `${total} bytes`);
});
