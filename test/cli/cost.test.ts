import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { estimate, estimateTable, totalUsd } from '../../functions/cli/cost.ts';
import { prices } from '../../functions/cli/prices.ts';
import { run } from '../../functions/cli/program.ts';

const million = { recipients: 1_000_000, read: 1_000_000, failing: 0.02 };
const quantity = (of: ReturnType<typeof estimate>, service: string, what: string) =>
  of.find((it) => it.service === service && it.what === what)!.quantity;

test('ten thousand recipients cost the documents that were counted on the store', () => {
  // test/store/firestore/cost.test.ts: one in a hundred gone, one in a hundred refused
  const lines = estimate({ recipients: 10_000, read: 10_000, failing: 0.02 });
  assert.equal(quantity(lines, 'Firestore', 'read'), 10_178);
  assert.equal(quantity(lines, 'Firestore', 'write'), 148);
});

test('a campaign costs about a third of a dollar a million, and its reads are most of it', () => {
  const lines = estimate(million);
  const reads = lines.find(({ what }) => what === 'read')!;
  assert.ok(totalUsd(lines) > 0.3 && totalUsd(lines) < 0.6, String(totalUsd(lines)));
  assert.ok(reads.usd > totalUsd(lines) / 2);
  const tenfold = estimate({ ...million, recipients: 10_000_000, read: 10_000_000 });
  assert.ok(Math.abs(totalUsd(tenfold) / totalUsd(lines) - 10) < 0.01);
});

test('an audience that has to be looked for costs what is looked through', () => {
  const few = estimate({ recipients: 1_000, read: 1_000_000, failing: 0 });
  assert.ok(quantity(few, 'Firestore', 'read') > 1_000_000);
  assert.ok(quantity(few, 'Cloud Tasks', 'queue, deliver') < 100);
  assert.equal(quantity(few, 'Firestore', 'delete'), 3);
});

test('each price has its source', () => {
  for (const { source, usd } of Object.values(prices)) {
    assert.match(source, /^https:\/\/cloud\.google\.com\/[\w-]+\/\w*-?pricing$/);
    assert.ok(usd > 0);
  }
});

test('the table in docs/operations.md is what the command prints', async () => {
  const readme = await readFile('docs/operations.md', 'utf8');
  assert.ok(readme.includes(estimateTable(estimate(million))), 'npx volley estimate, and copy it');
});

test('volley estimate of a number asks no server', async () => {
  const volley = async (...args: string[]) => {
    const out = { stdout: '', stderr: '' };
    const to = (name: 'stdout' | 'stderr') => ({
      write: (text: string | Uint8Array) => {
        out[name] += text;
      },
    });
    const fetch = () => Promise.reject(new Error('asked'));
    const code = await run(args, { env: {}, stdout: to('stdout'), stderr: to('stderr'), fetch });
    return { code, ...out };
  };
  const said = await volley('estimate');
  assert.deepEqual([said.code, said.stdout], [0, `${estimateTable(estimate(million))}\n`]);
  const json = await volley('estimate', '2_000', '--failing', '0%', '--json');
  assert.equal(JSON.parse(json.stdout).lines.length, estimate(million).length);
  const none = await volley('estimate', '0');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /must be a whole number above 0/);
});
