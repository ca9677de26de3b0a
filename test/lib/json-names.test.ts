import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRepeatedNames } from '../../functions/lib/json-names.ts';

function repeated(text: string): string[] {
  JSON.parse(text);
  const paths: string[] = [];
  findRepeatedNames(text, (path) => paths.push(path()));
  return paths;
}

test('a name that an object gives twice is found, with its path', () => {
  assert.deepEqual(repeated('{"a":1,"b":{"c":1,"c":2},"a":3,"a":4}'), ['b.c', 'a', 'a']);
  assert.deepEqual(repeated('[0,{"a":[[],{"b":1,"b":1}]}]'), ['[1].a[1].b']);
  assert.deepEqual(repeated('{"a":1,"\\u0061":2}'), ['a']);
  assert.deepEqual(repeated(' { "__proto__" : 1 , "__proto__" : 2 } '), ['__proto__']);
});

test('the same name in other objects, and in texts, is none', () => {
  for (const text of [
    '{"a":{"a":1},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\":1,\\"a\\":2","b":"{:,}[]\\\\"}',
    '{"a":1,"A":2,"":3}',
    '"a"',
    '1',
  ])
    assert.deepEqual(repeated(text), [], text);
});
