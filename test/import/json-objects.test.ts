import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unreadable } from '../../functions/import/encoding.ts';
import { isDocument, readObjects } from '../../functions/import/json-objects.ts';
import type { Line } from '../../functions/import/lines.ts';
import { assertLinear } from '../text/linear.ts';

const inPieces = async function* (text: string | Uint8Array, size: number) {
  const bytes = Buffer.from(text);
  // memory that is used again for each piece, as a reader of files may do
  const piece = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size)
    yield piece.subarray(0, bytes.copy(piece, 0, at, at + size));
};

async function linesOf(text: string | Uint8Array, size = 7): Promise<Line[]> {
  return (await Array.fromAsync(readObjects(inPieces(text, size)))).flat();
}

const told = async (text: string | Uint8Array, size?: number) =>
  (await linesOf(text, size)).map((it) => ('fault' in it ? `${it.number}! ${it.fault}` : it.text));

test('the objects of a list are read, wherever the document is cut into pieces', async () => {
  const objects = ['{"a":"}]{[\\"\\\\"}', '{ "b": [{"c": []}], "d": {} }', '{}', '{"e":"ü😀"}'];
  for (const document of [
    `[${objects.join(',')}]`,
    ` [\n${objects.join(' ,\r\n\t')}\n ]\n`,
    `{"results": [${objects.join()}]}`,
    `{"ok":true,"channels":[${objects.join()}],"next":[{"no":1},2],"last":{"x":[{}]}}`,
  ])
    for (const size of [1, 2, 7, 64, 10_000])
      assert.deepEqual(await told(document, size), objects, `${document} in ${size}`);
});

test('documents may follow each other, and objects are counted through them', async () => {
  const lines = await linesOf(
    '{"results":[{"a":1}]}\n{"results":[]}\n{"results":[{"a":2},{"a":3}]}',
  );
  assert.deepEqual(
    lines.map((it) => [it.number, 'text' in it && it.text]),
    [
      [1, '{"a":1}'],
      [2, '{"a":2}'],
      [3, '{"a":3}'],
    ],
  );
});

test('what is no object, too long or not UTF-8 costs itself alone', async () => {
  const long = `{"a":"${'x'.repeat(70_000)}"}`;
  assert.deepEqual(await told(`[1,{"a":1},"}, {",[{"b":2}],null,${long},{"c":3}]`, 4096), [
    '1! is not a JSON object',
    '{"a":1}',
    '3! is not a JSON object',
    '4! is not a JSON object',
    '5! is not a JSON object',
    '6! is longer than 65536 bytes',
    '{"c":3}',
  ]);
  const bad = Buffer.from('[{"a":"\u00ff"},{"b":1}]', 'latin1');
  assert.deepEqual(await told(bad), ['1! is not UTF-8', '{"b":1}']);
});

test('a document that is cut off anywhere is told as that', async () => {
  const document = '{"results":[{"a":"x"},{"b":[1]}]}';
  for (let end = 1; end < document.length; end++)
    await assert.rejects(linesOf(document.slice(0, end)), Unreadable, document.slice(0, end));
  assert.equal((await linesOf(document)).length, 2);
});

test('a document is told from lines of JSON', () => {
  for (const head of [
    '[{"a":1}',
    ' \n[ ',
    '{"results":[',
    '{ "results" : [\n',
    '{"ok":true,"channels":[',
    '{\n  "users": [',
  ])
    assert.ok(isDocument(head), head);
  for (const head of ['{"id":"a"}', '{"results":{}}', '{"a":1,"results":[', 'id,token', '{', ''])
    assert.ok(!isDocument(head), head);
});

test('reading takes time linear in the document, however it is nested', async () => {
  for (const inputOf of [
    (size: number) => `[${'['.repeat(size)}`,
    (size: number) => `[{"a":"${'\\"'.repeat(size / 2)}`,
    (size: number) => `[${'{},'.repeat(size / 3)}`,
    (size: number) => `[${'1,'.repeat(size / 2)}`,
  ])
    await assertLinear(inputOf, (it) => linesOf(it, 4096).catch(() => {}));
});
