/** The clients as browsers get them: compressed by brotli, 1 kB is 1,000 bytes. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { bundle, bundleWeb } from '../../clients/build/web.ts';

const sizeOf = (bytes: Uint8Array) => brotliCompressSync(bytes).length;
const pages = ['README', 'web'].map((it) => readFileSync(`docs/clients/${it}.md`, 'utf8'));
/** As pages say it: rounded up to 100 bytes. */
const said = (bytes: number) => `${(Math.ceil(bytes / 100) / 10).toFixed(1)} kB`;

test('the web client has at most 3 kB, its worker included', async (t) => {
  const sizes = Object.entries(await bundleWeb()).map(
    ([name, bytes]) => [name, sizeOf(bytes)] as const,
  );
  for (const [name, bytes] of sizes) t.diagnostic(`${name}: ${bytes} bytes`);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  assert.ok(total <= 3_000, `${total} bytes`);
  for (const page of pages) assert.ok(page.includes(said(total)), said(total));
});

test('the TypeScript client has the size that its page says', async () => {
  const size = sizeOf(await bundle('clients/typescript/src/index.ts', 'esm'));
  assert.ok(pages[0]!.includes(said(size)), said(size));
});
