import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { estimateTable, receiptsText } from '../../functions/cli/cost-table.ts';
import { run } from '../../functions/cli/program.ts';
import { estimate, totalUsd } from '../../functions/model/cost/estimate.ts';
import { prices } from '../../functions/model/cost/prices.ts';

const million = { recipients: 1_000_000, read: 1_000_000, failing: 0.02 };
const quantity = (of: ReturnType<typeof estimate>, service: string, what: string) =>
  of.find((it) => it.service === service && it.what === what)!.quantity;

const usdOf = (of: ReturnType<typeof estimate>, what: string) =>
  of.filter((it) => it.what === what).reduce((sum, { usd }) => sum + usd, 0);

test('a million costs a few cents, and ten millions ten times that', () => {
  const lines = estimate(million);
  const total = totalUsd(lines);
  assert.ok(total - usdOf(lines, 'to Apple') < 0.04, String(total));
  const tenfold = estimate({ ...million, recipients: 10_000_000, read: 10_000_000 });
  const ratio = totalUsd(tenfold) / total;
  // each of more than 16 shards reads all changes of its part of the registry
  assert.ok(ratio > 9 && ratio < 25, String(ratio));
});

test('the first campaign reads each installation once', () => {
  const first = estimate({ ...million, changed: 1 });
  const reads = quantity(first, 'Firestore', 'read');
  assert.ok(reads > 1_000_000 && reads < 1_030_000, String(reads));
});

test('a removed app costs two deletes, and what its chunk reads and notes', () => {
  const [none, some] = [0, 0.02].map((failing) => estimate({ ...million, failing }));
  const more = (what: string) =>
    quantity(some!, 'Firestore', what) - quantity(none!, 'Firestore', what);
  // 10,000 of them in 500 chunks, each of which has failures, some gone, and whose these were
  assert.ok(more('read') >= 1_500 && more('read') < 3_000, String(more('read')));
  assert.ok(more('write') >= 500 && more('write') < 2_200, String(more('write')));
  assert.ok(more('delete') >= 20_000 && more('delete') < 22_200, String(more('delete')));
});

test('traffic to Apple is billed, traffic to FCM is not', () => {
  const byFcm = estimate({ ...million, apns: 0 });
  assert.equal(usdOf(byFcm, 'to Apple') + usdOf(byFcm, 'to FCM'), 0);
  assert.ok(quantity(byFcm, 'Network', 'to FCM') > 0.2);
  assert.ok(usdOf(estimate(million), 'to Apple') > 0.02);
});

test('an audience that has to be looked for costs what is looked through', () => {
  const few = estimate({ recipients: 1_000, read: 1_000_000, failing: 0 });
  const all = estimate({ ...million, failing: 0 });
  assert.ok(quantity(few, 'Firestore', 'read') > 0.6 * quantity(all, 'Firestore', 'read'));
  assert.ok(quantity(few, 'Cloud Tasks', 'queue, deliver') < 100);
});

test('each price has its source', () => {
  for (const [name, { source, usd }] of Object.entries(prices)) {
    assert.match(source, /^https:\/\/cloud\.google\.com\/[\w-]+\/\w*-?pricing$/);
    assert.ok(name === 'google' ? usd === 0 : usd > 0);
  }
});

test('the table in docs/operations.md is what the command prints', async () => {
  const readme = await readFile('docs/operations.md', 'utf8');
  assert.ok(readme.includes(estimateTable(estimate(million))), 'npx volley estimate, and copy it');
  assert.ok(readme.includes(receiptsText(million.recipients)), 'and the sentence behind it');
});

test('what waves cost in docs/operations.md is what the arithmetic says', async () => {
  const text = await readFile('docs/operations.md', 'utf8');
  const more = (recipients: number, waves: number) => {
    const asked = { recipients, read: recipients, failing: 0.02 };
    return totalUsd(estimate({ ...asked, waves })) - totalUsd(estimate(asked));
  };
  const [many, most] = [more(1_000_000, 24), more(1_000_000, 40)].map((it) => it.toFixed(3));
  const small = more(19_000, 24).toFixed(2);
  assert.ok(text.includes(`cost $${many} more for a million in 24 waves, and $${most} in 40.`));
  assert.ok(text.includes(`19,000 in 24 waves are $${small} more.`));
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
  assert.deepEqual(
    [said.code, said.stdout],
    [...[0, `${estimateTable(estimate(million))}\n\n${receiptsText(1_000_000)}\n`]],
  );
  const json = await volley('estimate', '2_000', '--failing', '0%', '--json');
  assert.equal(JSON.parse(json.stdout).lines.length, estimate(million).length);
  const none = await volley('estimate', '0');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /must be a whole number above 0/);
});
