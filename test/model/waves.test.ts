import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetAt } from '../../functions/lib/wall-clock.ts';
import {
  countedZone,
  isInWave,
  isOver,
  type LocalTime,
  lastOf,
  startOf,
  type Timing,
  turnIn,
  wavesOf,
} from '../../functions/model/waves.ts';

const utc = (text: string) => Date.parse(`${text}Z`);
const text = (at: number) => new Date(at).toISOString().slice(0, 16);

const evening = (rest: Partial<LocalTime> = {}): LocalTime => ({
  local: '2026-12-24T18:00',
  late: 'now',
  since: utc('2026-12-24T10:00'),
  ...rest,
});
const timing = (rest: Partial<Timing> = {}): Timing => ({
  local: null,
  begin: utc('2026-12-24T12:00'),
  quiet: null,
  defaultZone: 'Europe/Berlin',
  ...rest,
});
const quiet = { from: '22:00', to: '08:00' };
const BERLIN = 'Europe/Berlin';
/** Where the evening has passed for six hours, and it is midnight. */
const EARLY = 'Pacific/Kiritimati';

test('when a device is sent to, by its zone', () => {
  for (const [zone, it, at, state, earliest] of [
    [BERLIN, {}, '2026-12-24T12:00', ''],
    [BERLIN, {}, '2026-12-24T13:00', '', '2026-12-24T13:00'],
    [BERLIN, { local: evening() }, '2026-12-24T17:00', ''],
    // as late as may be
    [
      BERLIN,
      { local: evening({ late: 'skip', since: utc('2026-12-24T17:00') }) },
      '2026-12-24T17:00',
      '',
    ],
    [EARLY, { local: evening() }, '2026-12-24T10:00', ''],
    [EARLY, { local: evening({ late: 'next-day' }) }, '2026-12-25T04:00', ''],
    [
      EARLY,
      { local: evening({ late: 'next-day', since: utc('2026-12-26T10:00') }) },
      '2026-12-26T10:00',
      '',
    ],
    [EARLY, { local: evening({ late: 'skip' }) }, '2026-12-24T10:00', 'late'],
    // the next run reaches it no later, or later
    [EARLY, { local: evening({ next: '2026-12-25T00:00' }) }, '2026-12-24T10:00', 'late'],
    [EARLY, { local: evening({ next: '2026-12-25T00:01' }) }, '2026-12-24T10:00', ''],
    [
      EARLY,
      { local: evening({ late: 'next-day', next: '2026-12-25T18:00' }) },
      '2026-12-24T10:00',
      'late',
    ],
    [EARLY, { quiet }, '2026-12-24T18:00', 'held'],
    [EARLY, { quiet, local: evening() }, '2026-12-24T18:00', 'held'],
    [EARLY, { quiet, local: evening({ late: 'skip' }) }, '2026-12-24T10:00', 'late'],
    [BERLIN, { quiet, local: evening() }, '2026-12-24T17:00', ''],
    [BERLIN, { quiet }, '2026-12-25T07:00', 'held', '2026-12-24T23:00'],
  ] as const) {
    const turn = turnIn(timing(it), zone, offsetAt, earliest && utc(earliest));
    const named = turn.isHeld ? 'held' : turn.isLate ? 'late' : '';
    assert.deepEqual([text(turn.at), named], [at, state], `${zone} ${JSON.stringify(it)}`);
  }
});

test('a local time is shown first at UTC+14:00 and last at UTC-12:00, and is over after that', () => {
  const [first, last] = ['2026-12-24T04:00', '2026-12-25T06:00'];
  assert.deepEqual(
    [startOf, lastOf].map((of) => text(of('2026-12-24T18:00'))),
    [first, last],
  );
  const overAt = (at: number) => isOver(evening({ late: 'skip', since: at }));
  assert.deepEqual([overAt(utc(last)), overAt(utc(last) + 1)], [false, true]);
  assert.equal(isOver(evening({ since: utc(last) + 1 })), false, 'it is made up for');
});

test('each zone is in one wave, with those that are sent to at the same instant', () => {
  const zones = ['Europe/Paris', EARLY, 'America/New_York', 'No/Where', 'Asia/Kolkata', BERLIN];
  const more = ['Asia/Colombo', 'America/Toronto', 'Asia/Kolkata'];
  const waves = wavesOf(timing({ local: evening() }), [...zones, ...more]);
  const [india, east] = [
    ['Asia/Colombo', 'Asia/Kolkata'],
    ['America/New_York', 'America/Toronto'],
  ];
  assert.deepEqual(
    waves.map((it) => [text(it.at), it.zones]),
    [
      ['2026-12-24T10:00', { in: [EARLY] }],
      ['2026-12-24T12:30', { in: india }],
      ['2026-12-24T17:00', { except: [...east, ...india, EARLY] }],
      ['2026-12-24T23:00', { in: east }],
    ],
  );
  for (const zone of [...zones, ...more, undefined, 'Etc/UTC'])
    assert.equal(waves.filter((it) => isInWave(it.zones, zone)).length, 1, zone);
  assert.equal(isInWave(waves[2]!.zones, undefined), true);
  // at the same instant, but skipped
  const late = evening({ local: '2026-12-24T11:00', late: 'skip' });
  assert.deepEqual(
    wavesOf(timing({ local: late }), [EARLY]).map((it) => [text(it.at), it.isLate]),
    [
      ['2026-12-24T10:00', true],
      ['2026-12-24T10:00', false],
    ],
  );
});

test('a zone that is not known counts as the default one; that the rules cannot be read is an error', () => {
  assert.equal(countedZone(EARLY, BERLIN), EARLY);
  assert.deepEqual(
    [undefined, 'No/Where'].map((it) => countedZone(it, BERLIN)),
    [BERLIN, BERLIN],
  );
  const broken = () => {
    throw new Error('no rules');
  };
  assert.throws(() => countedZone(EARLY, BERLIN, broken), /no rules/);
});
