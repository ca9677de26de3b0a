import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldIn, settledIn, withCaps } from '../../functions/store/capped.ts';
import { chunkOf } from '../contracts/store-fixture.ts';

const [ada, ben, cleo] = ['ada', 'ben', 'cleo'].map((installationId) => ({
  installationId,
  token: '-',
  badge: 1,
})) as [Recipient, Recipient, Recipient];
type Over = Set<object>;
type Recipient = { installationId: string; token: string; badge: number };
const chunk = { ...chunkOf('campaign', [0, 0, 0], 0), recipients: [ada, ben] };

test('what becomes of a chunk some of whose recipients are over a cap, or late', () => {
  const plain = ({ badge: _, ...rest }: Recipient) => rest;
  for (const [over, isLate, recipients, rest] of [
    [[], false, [ada, ben], { outcomes: null, capped: 0, late: 0, isSettled: false }],
    [[cleo], false, [ada, ben], { outcomes: null, capped: 0, late: 0, isSettled: false }],
    [[ben], false, [ada, plain(ben)], { outcomes: '.c', capped: 1, late: 0, isSettled: false }],
    [
      [ben, ada],
      false,
      [plain(ada), plain(ben)],
      { outcomes: 'cc', capped: 2, late: 0, isSettled: true },
    ],
    [
      [ben],
      true,
      [plain(ada), plain(ben)],
      { outcomes: 'll', capped: 0, late: 2, isSettled: true },
    ],
  ] as const) {
    const given = { ...chunk, ...(isLate && { isLate }) };
    const { chunk: made, ...others } = withCaps(given, new Set<object>(over));
    assert.deepEqual(others, rest);
    assert.deepEqual(made, { ...given, recipients });
  }
});

test('those who are held are counted without those over a cap, and settled chunks are named', () => {
  const [none, one, both] = [[], [ada], [ada, ben]].map((it) => new Set<object>(it)) as [
    Over,
    Over,
    Over,
  ];
  const held = (heldUntil: number, over: Over) => withCaps({ ...chunk, heldUntil }, over);
  for (const [chunks, expected] of [
    [[withCaps(chunk, none)], undefined],
    [[held(7, both)], undefined],
    [[held(7, one)], { recipients: 1, until: 7 }],
    [[held(9, none), held(7, one), held(11, both)], { recipients: 3, until: 9 }],
  ] as const)
    assert.deepEqual(heldIn(chunks), expected);
  const settled = withCaps({ ...chunk, id: 'second' }, both);
  assert.deepEqual(settledIn([withCaps(chunk, one), settled]), { settled: ['second'] });
  assert.deepEqual(settledIn([withCaps(chunk, one)]), {});
});
