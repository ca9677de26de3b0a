import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CsvRecord, readRecords } from '../../functions/import/csv.ts';
import { readLines } from '../../functions/import/lines.ts';
import { assertLinear } from '../text/linear.ts';

async function recordsOf(text: string): Promise<CsvRecord[]> {
  return (await Array.fromAsync(readRecords(readLines(pieces(text))))).flat();
}

async function* pieces(text: string) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}

/** As `line: cells` or `line! fault`. */
const told = async (text: string) =>
  (await recordsOf(text)).map((it) =>
    'fault' in it ? `${it.line}! ${it.fault}` : `${it.line}: ${it.cells.join(' / ')}`,
  );

test('a line whose quote never closes costs itself alone, and the next may open one', async () => {
  const long = 'y'.repeat(40_000);
  const unclosed = 'a quoted cell is not closed';
  assert.deepEqual(await told('1,"a\n2,"b\n3,c'), [`1! ${unclosed}`, `2! ${unclosed}`, '3: 3 / c']);
  assert.deepEqual(await told('1,"a\n2,"b\nc"\n'), [`1! ${unclosed}`, '2: 2 / b\nc']);
  assert.deepEqual(await told(`1,"a\n2,"${long}\n3 ""\n${long}\n",x`), [
    `1! ${unclosed}`,
    `2! ${unclosed}`,
    '3: 3 ""',
    `4: ${long}`,
    `5! ${unclosed}`,
  ]);
});

test('a record over a bound is given up, and one that begins within it is not', async () => {
  const long = 'y'.repeat(40_000);
  const records = await recordsOf(`1,"a\n${long}\n3,"b\n${long}\nc",d\n6`);
  assert.deepEqual(
    records.map((it) => ('fault' in it ? `${it.line}!` : `${it.line}: ${it.cells.length}`)),
    ['1!', '2: 1', '3: 3', '6: 1'],
  );
});

test('however quotes are opened, reading takes time linear in the text', async () => {
  const read = async (text: string) => {
    for await (const records of readRecords(readLines(pieces(text)))) assert.ok(records);
  };
  for (const bit of [
    'x","""z\n',
    '"\n',
    '"a\n',
    '",\n"b""\n',
    '""',
    '"",',
    ',',
    'a\n\n\n',
    '"\0\n',
  ])
    await assertLinear((size) => bit.repeat(size / bit.length), read);
});
