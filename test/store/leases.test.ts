import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEASE_MS } from '../../functions/model/timing.ts';
import { cutLease, isEarly, leaseState } from '../../functions/store/leases.ts';

const NOW = 1_000_000;

test('a lease is held until it ends, unless it ends later than any clock could have said', () => {
  const longest = NOW + LEASE_MS + 60_000;
  for (const [leaseId, until, expected] of [
    [null, NOW + 1, 'free'],
    ['lease', NOW, 'free'],
    ['lease', NOW + 1, 'held'],
    ['lease', longest, 'held'],
    ['lease', longest + 1, 'beyond'],
  ] as const)
    assert.equal(leaseState(leaseId, until, NOW), expected, `${leaseId} ${until}`);
  assert.equal(leaseState('lease', cutLease(NOW), NOW), 'held');
});

test('a chunk waits for its time, unless the clock that gave it was ahead', () => {
  for (const [notBefore, releasedAt, expected] of [
    [NOW, null, false],
    [NOW + 1, null, true],
    [NOW + 1, NOW, true],
    [NOW + 1, NOW + 1, false],
  ] as const)
    assert.equal(isEarly(notBefore, releasedAt, NOW), expected, `${notBefore} ${releasedAt}`);
});
