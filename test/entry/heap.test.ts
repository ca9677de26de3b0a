import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const heap = new URL('../../functions/entry/heap.ts', import.meta.url).href;
/** as a function of 512 MiB has them, see infra/ */
const BOUNDS = ['--max-semi-space-size=8', '--max-old-space-size=256'];

/** Collections of the whole heap while rows pass through a heap in which others stay. */
async function collections(begin: string): Promise<number> {
  const program = `
    import { PerformanceObserver, constants } from 'node:perf_hooks';
    import { setTimeout as wait } from 'node:timers/promises';
    ${begin}
    const rows = (n) => Array.from({ length: n }, (_, i) => ({ id: 'id-' + i, token: ['t', i, n] }));
    const stays = rows(200_000);
    let count = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries())
        if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) count += 1;
    });
    observer.observe({ entryTypes: ['gc'] });
    const passing = [];
    for (let i = 0; i < 250; i++) {
      passing.push(rows(7_000));
      // long enough for them to leave the part of the heap that is collected alone
      if (passing.length > 10) passing.shift();
      await wait(1);
    }
    await wait(10);
    console.log(count + (stays.length && 0));
  `;
  const { stdout } = await run(process.execPath, [
    ...BOUNDS,
    '--no-warnings',
    '--input-type=module',
    '--eval',
    program,
  ]);
  return Number(stdout);
}

test('the heap is collected when it has doubled, not each time that it has grown by a third', async () => {
  const before = await collections('');
  const after = await collections(`(await import(${JSON.stringify(heap)})).growHeap();`);
  assert.ok(before > 0 && after * 3 < before * 2, `${before} collections, then ${after}`);
});
