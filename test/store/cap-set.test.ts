/** What is kept of devices for caps, against a list of all that was ever reserved. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cap, windowOf } from '../../functions/model/app-policy.ts';
import { bucketOf } from '../../functions/model/bucket.ts';
import { unregisteredId } from '../../functions/model/installation.ts';
import {
  between,
  type CapSet,
  cut,
  endIn,
  namesIn,
  namesOf,
  reserve,
  setExpiry,
  withoutTimes,
} from '../../functions/store/cap-set.ts';
import { chance, chunkOf, NOW } from '../contracts/store-fixture.ts';

const HOUR = 60 * 60 * 1000;
const ONCE: Cap[] = [{ max: 1, per: '24h' }];
const EMPTY = Buffer.alloc(0);
const hex = (bucket: number) => bucket.toString(16).padStart(8, '0');

const recipient = (installationId: string, bucket?: number) => ({
  installationId,
  token: '-',
  ...(bucket !== undefined && { bucket }),
});
const chunk = (...ids: string[]) => ({
  ...chunkOf('campaign', [0, 0, 0], 0),
  recipients: ids.map((it) => recipient(it)),
});
const namesFor = (...ids: string[]) => namesIn([chunk(...ids)]);
const idsOf = (capped: { installationId: string }[]) => capped.map((it) => it.installationId);

test('an entry is the bucket, FNV-1a of the id, a number, and times as the ends of their seconds', () => {
  const now = 1_000_000_000_001;
  const { set, capped } = reserve(EMPTY, namesFor('foobar'), { caps: ONCE, now });
  // http://www.isthe.com/chongo/src/fnv/test_fnv.c
  assert.equal(
    set.toString('hex'),
    `${hex(bucketOf('foobar'))}bf9cf968${'01'}${hex(1_000_000_001)}`,
  );
  assert.deepEqual(capped, []);
  const twice = { caps: [{ max: 2, per: '24h' }], now: now + HOUR };
  assert.equal(
    reserve(set, namesFor('foobar'), twice).set.toString('hex').slice(16),
    `02${hex(1_000_000_001)}${hex(1_000_003_601)}`,
  );
});

test('names are in their order, whatever the order of recipients, and the late ones are left out', () => {
  const ids = Array.from({ length: 40 }, (_, i) => `device-${i}`);
  const ordered = ids.toSorted((a, b) => bucketOf(a) - bucketOf(b));
  const { recipients, buckets } = namesIn([
    chunk(...ids.slice(0, 20)),
    { ...chunk('late'), isLate: true },
    chunk(...ids.slice(20)),
  ]);
  assert.deepEqual(idsOf([...recipients]), ordered);
  assert.deepEqual([...buckets], ordered.map(bucketOf));
  // of equal buckets the other half decides; a bucket that was read is believed
  const read = ['c', 'a', 'b'].map((it) => recipient(it, 7));
  const names = namesIn([{ ...chunk(), recipients: [...read, recipient('z', 3)] }]);
  assert.deepEqual([...names.buckets], [3, 7, 7, 7]);
  const [, ...hashes] = names.hashes;
  assert.deepEqual(
    hashes,
    hashes.toSorted((a, b) => a - b),
  );
  assert.equal(endIn(names, 0, 7), 1);
  assert.equal(endIn(names, 0, 8), 4);
  assert.equal(endIn(names, 1, 7), 1);
  assert.deepEqual(idsOf([...between(names, 0, 1).recipients]), ['z']);
  assert.deepEqual([...between(names, 0, 1).buckets], [3]);
  assert.equal(between(names, 1, 3).hashes.length, 2);
});

test('who is named twice is reserved once, and is over a cap twice', () => {
  const twice = namesFor('ada', 'ben', 'ada');
  const first = reserve(EMPTY, twice, { caps: [{ max: 2, per: '24h' }], now: NOW });
  assert.deepEqual(first.capped, []);
  assert.equal(first.set.length, 2 * 13);
  const over = reserve(first.set, twice, { caps: ONCE, now: NOW });
  assert.deepEqual(idsOf(over.capped).sort(), ['ada', 'ada', 'ben']);
  assert.deepEqual(over.set, first.set);
});

test('devices of one bucket are told apart, and a time ends on its second', () => {
  const all = ['a', 'b', 'c'].map((it) => recipient(it, 7));
  const one = namesIn([{ ...chunk(), recipients: [all[1]!] }]);
  const three = namesIn([{ ...chunk(), recipients: all }]);
  const first = reserve(EMPTY, one, { caps: ONCE, now: NOW });
  const then = (ms: number) => reserve(first.set, three, { caps: ONCE, now: NOW + ms });
  assert.deepEqual(idsOf(then(24 * HOUR - 1).capped), ['b']);
  assert.equal(then(24 * HOUR - 1).set.length, 3 * 13);
  assert.deepEqual(then(24 * HOUR).capped, []);
  const alone = { caps: ONCE, now: NOW + 24 * HOUR };
  const others = reserve(first.set, namesIn([{ ...chunk(), recipients: [all[0]!] }]), alone);
  assert.equal(others.set.length, 13, 'what is over is dropped');
  assert.equal(then(24 * HOUR).set.length, 3 * 13);
});

test('whatever is reserved, cut and erased, each device is as a list of all says', () => {
  const { below, random, pick } = chance(11);
  const ids = Array.from({ length: 120 }, (_, i) => `device-${i}`);
  const policies: Cap[][] = [
    ONCE,
    [
      { max: 2, per: '2h' },
      { max: 5, per: '2d' },
    ],
    [{ max: 3, per: '6h' }],
  ];
  let sets: CapSet[] = [{ start: 0, set: EMPTY }];
  const kept = new Map<string, number[]>();
  let now = NOW;
  let [cuts, drops, skips] = [0, 0, 0];
  for (let step = 0; step < 400; step++) {
    now += below(2 * HOUR);
    const caps = pick(policies);
    const oldest = Math.min(...caps.map((it) => (now - windowOf(it)) / 1000));
    const wanted = ids.filter(() => random() < 0.2);
    const names = namesFor(...wanted);
    const over: string[] = [];
    const next: CapSet[] = [];
    let from = 0;
    for (const [index, { start, set }] of sets.entries()) {
      const to = endIn(names, from, sets[index + 1]?.start ?? 2 ** 32);
      // a set that no name lies in is not written
      if (to === from) {
        next.push({ start, set });
        continue;
      }
      const reserved = reserve(set, between(names, from, to), { caps, now });
      over.push(...idsOf(reserved.capped));
      const parts = cut({ start, set: reserved.set }, 400);
      cuts += parts.length - 1;
      next.push(...parts);
      // those of the set who are not wanted keep all, or nothing if all is too old
      for (const [id, times] of kept) {
        const isThere = bucketOf(id) >= start && bucketOf(id) < (sets[index + 1]?.start ?? 2 ** 32);
        if (!isThere || wanted.includes(id) || times.at(-1)! > oldest) continue;
        kept.delete(id);
        drops += 1;
      }
      from = to;
    }
    sets = next;
    const expected = wanted.filter((id) => {
      const times = (kept.get(id) ?? []).filter((it) => it > oldest);
      const isOver = caps.some(
        (it) => times.filter((at) => at > (now - windowOf(it)) / 1000).length >= it.max,
      );
      if (isOver) skips += 1;
      kept.set(id, isOver ? times : [...times, Math.ceil(now / 1000)]);
      return isOver;
    });
    assert.deepEqual(over.sort(), expected.sort());
    const bytes = [...kept.values()].reduce((sum, it) => sum + 9 + 4 * it.length, 0);
    assert.equal(
      sets.reduce((sum, it) => sum + it.set.length, 0),
      bytes,
    );
    const all = Buffer.concat(sets.map((it) => it.set));
    const gone = pick(ids);
    const without = withoutTimes(all, namesFor(gone), () => true);
    const theirs = kept.get(gone);
    assert.equal(all.length - without.length, theirs ? 9 + 4 * theirs.length : 0);
  }
  assert.ok(cuts > 3 && drops > 50 && skips > 500, `${cuts} cuts, ${drops} drops, ${skips} skips`);
});

test('a set is cut into even parts by its bytes, and never within a bucket', () => {
  const ids = Array.from({ length: 100 }, (_, i) => `device-${i}`);
  const { set } = reserve(EMPTY, namesFor(...ids), { caps: ONCE, now: NOW });
  // an entry of 13 bytes counts as 20
  assert.deepEqual(cut({ start: 5, set }, 2_000), [{ start: 5, set }]);
  const halves = cut({ start: 5, set }, 1_999);
  assert.deepEqual(
    halves.map((it) => it.set.length),
    [50 * 13, 50 * 13],
  );
  assert.equal(halves[0]!.start, 5);
  assert.equal(halves[1]!.start, halves[1]!.set.readUInt32BE(0));
  assert.deepEqual(Buffer.concat(halves.map((it) => it.set)), set);
  const thirds = cut({ start: 5, set }, 700).map((it) => it.set.length / 13);
  assert.deepEqual(thirds, [34, 34, 32]);
  assert.deepEqual(cut({ start: 5, set: EMPTY }, 10), [{ start: 5, set: EMPTY }]);
  // the second half has six times each, and more bytes
  let heavy = set;
  const half = namesIn([chunk(...ids)]);
  for (let i = 0; i < 5; i++)
    heavy = reserve(heavy, between(half, 50, 100), { caps: [{ max: 9, per: '9d' }], now: NOW }).set;
  const parts = cut({ start: 5, set: heavy }, 1_000).map((it) => it.set);
  assert.ok(parts.every((it) => it.length < 1_000 + 33));
  assert.equal(parts.length, 3);
  const one = ids.map((it) => recipient(it, 9));
  const whole = {
    start: 9,
    set: reserve(EMPTY, namesIn([{ ...chunk(), recipients: one }]), { caps: ONCE, now: NOW }).set,
  };
  assert.deepEqual(cut(whole, 100), [whole]);
});

test('of a device only the times that are gone are taken, under both of its names', () => {
  const caps: Cap[] = [{ max: 5, per: '7d' }];
  const bare = unregisteredId('token');
  let set: Buffer = EMPTY;
  for (const now of [NOW, NOW + HOUR])
    set = reserve(set, namesFor('ada', 'ben', bare), { caps, now }).set;
  const device = namesOf({ id: 'ada', token: 'token' });
  const isFirst = (at: number) => at === NOW;
  const some = withoutTimes(set, device, isFirst);
  assert.equal(some.length, set.length - 8);
  assert.deepEqual(withoutTimes(some, device, isFirst), some);
  const left = withoutTimes(some, device, () => true);
  assert.equal(left.length, 9 + 8);
  assert.deepEqual(left.subarray(0, 4).toString('hex'), hex(bucketOf('ben')));
  assert.deepEqual(
    withoutTimes(left, device, () => true),
    left,
  );
  const limits: Cap[] = [{ max: 2, per: '7d' }];
  const again = reserve(some, namesFor('ada', 'ben', bare), { caps: limits, now: NOW + 2 * HOUR });
  assert.deepEqual(idsOf(again.capped), ['ben']);
});

test('a set is of no use once the longest of the caps is over', () => {
  const caps: Cap[] = [
    { max: 1, per: '24h' },
    { max: 2, per: '7d' },
  ];
  assert.equal(setExpiry(caps, NOW), NOW + 7 * 24 * HOUR);
});
