import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createThrottle, type Throttle } from '../../../functions/providers/shared/throttle.ts';

/** Accepts so many requests a second, and some together, by the clock of the test. */
function createServer(limit: number, burst: number) {
  let tokens = burst;
  let at = 0;
  return (now: number) => {
    tokens = Math.min(burst, tokens + ((now - at) * limit) / 1000);
    at = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/**
 * Sends `count` pushes in virtual time as a batch does: a refused push is tried again when the throttle
 * says so. Returns the accepted pushes a second, over the whole time.
 */
function simulate({
  count = 10_000,
  latency,
  afterMs,
  limit = 1000,
}: {
  count?: number;
  latency: number;
  afterMs: number | null;
  limit?: number;
}) {
  let now = 0;
  const throttle: Throttle = createThrottle(undefined, () => now);
  const take = createServer(limit, limit / 10);
  let fresh = count;
  let underWay = 0;
  let accepted = 0;
  /** most pushes under way, by the ramp and the window */
  let room = 20;
  const later: [at: number, what: 'again' | 'accepted' | 'refused'][] = [];
  const at = (time: number, what: (typeof later)[number][1]) => later.push([time, what]);
  let again = 0;
  while (accepted < count) {
    assert.ok(now < 600_000, `${accepted} after ten minutes`);
    for (let i = later.length - 1; i >= 0; i--) {
      const [time, what] = later[i]!;
      if (time > now) continue;
      later.splice(i, 1);
      if (what === 'again') {
        again += 1;
        continue;
      }
      underWay -= 1;
      if (what === 'accepted') {
        accepted += 1;
        room = Math.min(1000, room + 4);
        throttle.accepted();
      } else at(now + (throttle.refused(afterMs) ?? 1000), 'again');
    }
    while (underWay < room && fresh + again > 0 && throttle.delay() === 0) {
      throttle.take();
      if (again > 0) again -= 1;
      else fresh -= 1;
      underWay += 1;
      at(now + latency, take(now + latency / 2) ? 'accepted' : 'refused');
    }
    now += 1;
  }
  return (count * 1000) / now;
}

for (const afterMs of [null, 1000])
  for (const [latency, share] of [
    [1, 0.5],
    [80, 0.8],
  ] as const)
    test(`a constant limit is used: ${latency} ms, Retry-After ${afterMs}`, () => {
      const perSecond = simulate({ latency, afterMs });
      assert.ok(perSecond >= share * 1000, `${perSecond} a second`);
    });

test('an overload at the first pushes does not limit a fast provider for long', () => {
  const perSecond = simulate({ count: 100_000, latency: 80, afterMs: null, limit: 20_000 });
  assert.ok(perSecond >= 5_000, `${perSecond} a second`);
});

test('a few refusals are no overload', () => {
  let overloads = 0;
  let now = 0;
  const throttle = createThrottle(
    () => {
      overloads += 1;
    },
    () => now,
  );
  for (let i = 0; i < 10_000; i++) {
    now += 1;
    throttle.accepted();
    if (i % 50 === 0) assert.equal(throttle.refused(null), 100);
  }
  assert.deepEqual([overloads, throttle.delay()], [0, 0]);
});

test('a provider that accepts nothing is left to the queue', () => {
  const throttle = createThrottle(undefined, () => 0);
  for (let i = 0; i < 30; i++) assert.equal(throttle.refused(1000), null);
  assert.equal(throttle.delay(), 0);
});

test('all pushes wait as long as the provider asks, but at most a few seconds', () => {
  let now = 5_000;
  const throttle = createThrottle(undefined, () => now);
  for (let i = 0; i < 100; i++) throttle.accepted();
  for (let i = 0; i < 10; i++) assert.equal(throttle.refused(2000), 2000);
  assert.equal(throttle.delay(), 2000);
  now += 500;
  assert.equal(throttle.refused(4000), 4000, 'a longer one counts');
  assert.equal(throttle.delay(), 3500);
  assert.equal(throttle.refused(60_000), null);
});

test('the rate is forgotten after a minute without a push', () => {
  let now = 5_000;
  const throttle = createThrottle(undefined, () => now);
  for (let i = 0; i < 100; i++) throttle.accepted();
  for (let i = 0; i < 10; i++) throttle.refused(null);
  now += 100;
  assert.equal(throttle.delay(), 0);
  for (let i = 0; i < 1000; i++) throttle.take();
  assert.ok(throttle.delay() > 0, 'bound');
  now += 61_000;
  assert.equal(throttle.delay(), 0);
});
