/**
 * Reads an export as `volley import --from parse` does, without an API, and prints how many rows it has
 * and the most bytes of buffers. The test gives it a small heap.
 */

import { openFile } from '../../../functions/cli/commands/import/file.ts';
import { rowsOf } from '../../../functions/cli/commands/import/rows.ts';

const source = await openFile(process.argv[2]!);
const { toRows } = rowsOf(source, { from: 'parse', allOptedIn: true, resume: true });
let rows = 0;
let most = 0;
for await (const part of source.read(null, AbortSignal.timeout(10 * 60 * 1000))) {
  for (const row of part.rows) for (const it of toRows(row)) if ('row' in it) rows++;
  most = Math.max(most, process.memoryUsage().arrayBuffers);
}
console.log(JSON.stringify({ rows, most }));
