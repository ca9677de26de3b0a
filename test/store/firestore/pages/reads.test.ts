/** What campaigns to 20,000 read: without pages, while they are built, and with them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../../functions/model/outcome.ts';
import { person } from '../../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../../emulators.ts';
import { type Costs, summary, takeCosts, total } from '../costs.ts';
import { emulator } from '../emulated.ts';
import { idIn } from '../marked.ts';
import { oneByOne } from '../one-by-one.ts';
import { startProxy } from '../proxy.ts';
import { DAY, fill, HOUR, openDocuments, openPaged } from './paged.ts';

const skip = withoutEmulators('firestore');

const PEOPLE = 20_000;
const GONE = 200;
const CHANGED = 300;

test('a campaign to 20,000 with fresh pages reads 600 documents at most', { skip }, async (t) => {
  const clock = { ahead: 0 };
  const project = freshProject();
  const { store, proxy, script, campaign, run } = await oneByOne(t, {
    readTime: (at) => at.toMillis() + clock.ahead,
    project,
    pages: { random: () => 1 },
  });
  const people = Array.from({ length: PEOPLE }, (_, n) =>
    person(`device-${n}`, { platform: n % 2 ? 'ios' : 'android' }),
  );
  await fill(openDocuments(t, project), people);

  /** Costs of a campaign to all that are registered; each is sent to once. */
  async function send(what: string, registered: number): Promise<Costs> {
    script.sent.length = 0;
    takeCosts(proxy);
    const id = await campaign({});
    await run();
    const costs = takeCosts(proxy);
    t.diagnostic(`${what}: ${summary(costs)}`);
    const counts = await store.counts(id);
    assert.equal(counts.recipients, registered, what);
    assert.equal(counts.accepted + counts.failed, registered, what);
    assert.equal(new Set(script.sent.map((it) => it.token)).size, registered, what);
    assert.equal((await store.getCampaign(id))?.state, 'completed', what);
    takeCosts(proxy);
    return costs;
  }
  const pagesIn = (it: Costs) => it.writes.pages ?? 0;

  const first = await send('the first campaign', PEOPLE);
  assert.equal(first.reads.installations, PEOPLE + 1, 'each once, and an empty answer');
  assert.equal(pagesIn(first), 0, 'an instance of the version before may still write');
  assert.equal(first.writes.layouts, 1);

  clock.ahead += 3 * HOUR;
  const built = await send('the campaign that builds its pages', PEOPLE);
  assert.ok(built.reads.installations! <= PEOPLE + 8, 'each once, and empty answers');
  assert.equal(pagesIn(built), 16);

  clock.ahead += HOUR;
  const gone: Outcome = { kind: 'unregistered', reason: 'UNREGISTERED', since: null };
  const dead = new Set<string>();
  script.answer = ({ token }) => {
    if (script.sent.length % 100 > 0) return { kind: 'accepted' };
    dead.add(token);
    return gone;
  };
  const fresh = await send('fresh pages, 200 are gone', PEOPLE);
  assert.ok(total(fresh.reads) <= 600, `${total(fresh.reads)} reads`);
  script.answer = () => ({ kind: 'accepted' });

  assert.equal(dead.size, GONE);
  const left = people.filter((it) => !dead.has(it.token));
  for (const [later, ms] of [
    ['6 hours', 6 * HOUR],
    ['7 days', 7 * DAY],
    ['28 days', 28 * DAY],
  ] as const) {
    const what = `${later} later, 300 have changed`;
    await store.putInstallations(left.slice(0, CHANGED).map((it) => ({ ...it, tags: [what] })));
    clock.ahead += ms;
    const costs = await send(what, left.length);
    const most = CHANGED + 600;
    assert.ok(total(costs.reads) <= most, `${what}: ${total(costs.reads)} reads`);
  }
});

test('a shard that is a small part of a cell does not read more changes than documents', {
  skip,
}, async (t) => {
  const proxy = await startProxy(emulator, t);
  const it = openPaged(t, { pages: { querySize: 10 } }, proxy.host);
  const people = Array.from({ length: 160 }, (_, n) => person(idIn('0', `device-${n}`)));
  await it.other.putInstallations(people);
  await it.layout('default', 8);
  it.clock.ahead += HOUR;
  // the first of sixteen pages of the cell
  const range = { from: 0, to: 2 ** 24 };
  const within = people.filter((one) => one.bucket < range.to);
  async function read() {
    takeCosts(proxy);
    const all = { app: 'default', audience: {}, range, after: null, size: 100 };
    const found: string[] = [];
    for await (const page of it.store.streamAudience(all))
      found.push(...page.installations.map((one) => one.id));
    assert.deepEqual(found.toSorted(), within.map((one) => one.id).toSorted());
    return takeCosts(proxy).reads.installations!;
  }
  await read();
  it.clock.ahead += HOUR;
  await it.other.putInstallations(people.map((one) => ({ ...one, tags: ['changed'] })));
  const most = 2 * within.length + 10;
  const reads = await read();
  assert.ok(reads <= most, `${reads} reads, ${within.length} in the shard`);
});

test('documents are read in larger queries after the first', { skip }, async (t) => {
  const proxy = await startProxy(emulator, t);
  const it = openPaged(t, { pages: { querySize: 10 } }, proxy.host);
  const people = Array.from({ length: 160 }, (_, n) => person(idIn('0', `device-${n}`)));
  await it.other.putInstallations(people);
  await it.layout('default', 4);
  it.clock.ahead += HOUR;
  const range = { from: 0, to: 2 ** 28 };
  proxy.calls.length = 0;
  const all = { app: 'default', audience: {}, range, after: null, size: 100 };
  let count = 0;
  for await (const page of it.store.streamAudience(all)) count += page.installations.length;
  assert.equal(count, people.length);
  const queries = proxy.calls.filter(({ method, reads }) => {
    return method === 'RunQuery' && reads.includes('installations');
  });
  const documents = queries.map((call) => call.reads.length);
  // the last one finds nothing, which costs a read too
  assert.deepEqual(documents, [10, ...Array(7).fill(20), 10, 1]);
});
