import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createFixture } from '../http/fixture.ts';
import { blocksOf, pages, readPage } from './markdown.ts';

test('every example in JSON is JSON', () => {
  const examples = pages().flatMap((page) => blocksOf(page, 'json'));
  assert.ok(examples.length > 3, `${examples.length} examples`);
  for (const it of examples) assert.doesNotThrow(() => JSON.parse(it), it);
});

test('the examples of an audience and of a message are taken', async (t) => {
  const { ask } = await createFixture(t);
  const examples = blocksOf(readPage('docs/api.md'), 'json').map((it) => JSON.parse(it));
  const audience = examples.find((it) => 'appVersion' in it);
  const message = examples.find((it) => 'localized' in it);
  assert.ok(audience && message);
  await ask('PUT', '/v1/segments/vip', { audience: { tags: ['vip'] } });
  const response = await ask('POST', '/v1/campaigns', { name: 'A', audience, message });
  assert.equal(response.status, 202, await response.text());
});

test('the example of a problem is what the API answers', async (t) => {
  const { ask } = await createFixture(t);
  const shown = blocksOf(readPage('docs/api.md'), 'json')
    .map((it) => JSON.parse(it))
    .find((it) => 'faults' in it);
  const response = await ask('POST', '/v1/campaigns', {
    name: 'A',
    audience: { langauge: 'de' },
    message: { title: 'T', ttlSeconds: 10_000_000 },
  });
  const { faults, ...rest } = (await response.json()) as typeof shown;
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  assert.deepEqual(
    { ...rest, faults: faults.sort(byPath) },
    { ...shown, faults: shown.faults.sort(byPath) },
  );
});

test('the code of the how-tos calls only what is there, or what they add', () => {
  const sources = globSync('{functions,test}/**/*.ts').map((path) => readFileSync(path, 'utf8'));
  const known = new Set(
    sources.flatMap((text) => text.match(/\b[A-Za-z]\w+\(|\.\.\.[A-Za-z]\w+/g) ?? []),
  );
  const blocks = globSync('docs/how-to/*.md').flatMap((path) => {
    const all = blocksOf(readPage(path), 'ts');
    const added = new Set(
      all.flatMap((it) => Array.from(it.matchAll(/export const (\w+)/g), ([, name]) => name)),
    );
    return all.map((text) => ({ path, text, added }));
  });
  assert.ok(blocks.length > 8, `${blocks.length} blocks`);
  for (const { path, text, added } of blocks)
    for (const [used] of text.matchAll(/\b[A-Za-z]\w+\(|\.\.\.[A-Za-z]\w+/g))
      assert.ok(known.has(used) || added.has(used.replace('(', '')), `${path}: ${used}`);
});
