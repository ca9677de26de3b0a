import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reached } from '../../../functions/model/installation.ts';
import { addressed, carriedFor } from '../../../functions/pipeline/plan/recipients.ts';
import type { PageTurn, Turns } from '../../../functions/pipeline/plan/turns.ts';

const device = (id: string, rest: Partial<Reached> = {}) =>
  ({ id, token: `${id}-token`, provider: 'fcm', environment: 'production', ...rest }) as Reached;
/** The turns of devices by their zones, which are named by them. */
const turns = (byZone: Record<string, PageTurn>, quiet?: Turns['quiet']): Turns => ({
  of: ({ timeZone }) => byZone[timeZone ?? 'none']!,
  quiet,
});
const ids = (found: ReturnType<typeof addressed>) =>
  found.targets.map((it) => it.recipients.map(({ installationId }) => installationId).join(''));

test('devices are grouped by their provider, their environment and their turn', () => {
  const turn = { at: 5, isLate: false, heldUntil: 7 };
  const zones = ['same', 'at', 'late', 'held'].map((timeZone) =>
    device(timeZone[0]!, { timeZone }),
  );
  const all = [
    ...[device('a'), device('b', { provider: 'apns' }), device('c', { environment: 'sandbox' })],
    ...[device('d'), ...zones, ...zones.map((it) => ({ ...it, id: it.id.toUpperCase() }))],
  ];
  const found = addressed(
    all,
    null,
    turns({
      none: turn,
      same: { ...turn },
      at: { ...turn, at: 6 },
      late: { ...turn, isLate: true },
      held: { ...turn, heldUntil: 8 },
    }),
  );
  assert.deepEqual(ids(found), ['adsS', 'b', 'c', 'aA', 'lL', 'hH']);
  assert.deepEqual(found.targets[4]!.turn, { ...turn, isLate: true });
  assert.deepEqual(ids(addressed(all, null)), ['adsalhSALH', 'b', 'c']);
  assert.equal('turn' in addressed(all, null).targets[0]!, false);
});

test('a recipient has its zone where quiet hours hold that are not of the default one', () => {
  const turn = { at: 0, isLate: false, heldUntil: undefined };
  const quiet = { from: '22:00', to: '08:00', zone: 'default' };
  const page = [
    device('a', { timeZone: 'other', bucket: 7, permission: 'denied' }),
    device('b', { timeZone: 'default', permission: 'granted' }),
    device('c'),
  ];
  const plain = ['a', 'b', 'c'].map((it) => ({ installationId: it, token: `${it}-token` }));
  const of = (it?: Turns['quiet']) =>
    addressed(page, null, turns({ other: turn, default: turn, none: turn }, it));
  const [bucketed, b, c] = [{ ...plain[0], bucket: 7 }, plain[1], plain[2]];
  assert.deepEqual(of().targets[0]!.recipients, [bucketed, b, c]);
  assert.deepEqual(of(quiet).targets[0]!.recipients, [{ ...bucketed, zone: 'other' }, b, c]);
  assert.deepEqual([of().denied, of().missing], [1, undefined]);
});

test('what is read of a device: its zone where turns differ, its bucket where caps hold', () => {
  assert.deepEqual(carriedFor(null, { isTimed: false }), ['permission']);
  const all = ['permission', 'bucket', 'timeZone', 'movedAt'];
  assert.deepEqual(carriedFor(null, { isTimed: true, isCapped: true }), all);
});
