import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunked, chunkedBySize } from '../../functions/lib/chunked.ts';

test('items are cut into lists of a size, in order', () => {
  assert.deepEqual(chunked([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunked([1, 2], 2), [[1, 2]]);
  assert.deepEqual(chunked([], 2), []);
});

test('items are cut into lists of so many bytes', () => {
  const cut = (texts: string[], most?: number) =>
    chunkedBySize(texts, { bytes: 4, ...(most && { most }) }, (it) => it.length);
  assert.deepEqual(cut(['ab', 'cd', 'e', 'fgh', 'i']), [['ab', 'cd'], ['e', 'fgh'], ['i']]);
  assert.deepEqual(cut(['a', 'too large', 'b']), [['a'], ['too large'], ['b']]);
  assert.deepEqual(cut(['a', 'b', 'c'], 2), [['a', 'b'], ['c']]);
  assert.deepEqual(cut([]), []);
});
