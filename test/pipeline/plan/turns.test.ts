import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetAt } from '../../../functions/lib/wall-clock.ts';
import { type AppPolicy, defaultPolicy } from '../../../functions/model/app-policy.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import type { ShardWave } from '../../../functions/model/chunk.ts';
import { type KnownTurns, turnsFor } from '../../../functions/pipeline/plan/turns.ts';
import type { Ports, Store } from '../../../functions/ports/ports.ts';

const utc = (text: string) => Date.parse(`${text}Z`);
const NOW = utc('2026-12-24T12:00');
const quiet = { from: '22:00', to: '08:00' };
/** Its evening has passed; by its clock it is two at night. */
const EARLY = 'Pacific/Kiritimati';
const BERLIN = 'Europe/Berlin';
const local = '2026-12-24T18:00';
const since = utc('2026-12-24T10:00');

const wave = (it: Partial<ShardWave>) =>
  ({
    wave: { at: NOW, isHeld: false, isLate: false, zones: { in: [] }, ...it } as ShardWave,
  }) as const;

interface Asked {
  schedule?: object;
  policy?: Partial<AppPolicy>;
  known?: KnownTurns;
  offset?: typeof offsetAt;
}

function turns(shard: { wave?: ShardWave }, { schedule, policy, known, offset }: Asked = {}) {
  const stored = { ...defaultPolicy, defaultZone: BERLIN, ...policy };
  const store = { getAppPolicy: async () => stored } as Partial<Store>;
  const ports = { store, now: () => NOW, ...(offset && { offsetAt: offset }) } as Ports;
  const campaign = { app: 'default', message: {}, ...(schedule && { schedule }) };
  return turnsFor(ports, campaign as Campaign, shard, known);
}

test('when a device is sent to, as the rules are at the freeze', async () => {
  const evening = { at: since, local, since, late: 'skip' };
  const toMovers = wave({ zones: 'movers' });
  for (const [shard, rest, device, at, state, heldUntil] of [
    // by its own time, or now
    [{}, { schedule: evening }, { timeZone: BERLIN }, '2026-12-24T17:00', ''],
    [{}, { schedule: evening }, {}, '2026-12-24T17:00', ''],
    [{}, { schedule: { ...evening, local: '2026-12-24T13:00' } }, {}, null, ''],
    [{}, { schedule: { ...evening, local: '2026-12-24T12:00' } }, {}, null, ''],
    [{}, { schedule: evening }, { timeZone: EARLY }, null, 'late'],
    // what a wave says of late devices holds for all of it
    [
      wave({ isLate: true }),
      { schedule: evening },
      { timeZone: BERLIN },
      '2026-12-24T17:00',
      'late',
    ],
    [wave({}), { schedule: evening }, { timeZone: EARLY }, null, ''],
    [toMovers, { schedule: evening }, { timeZone: EARLY }, null, 'late'],
    [toMovers, { schedule: evening }, { timeZone: EARLY, movedAt: since - 1 }, null, 'late'],
    [toMovers, { schedule: evening }, { timeZone: EARLY, movedAt: since }, null, ''],
    [
      toMovers,
      { schedule: evening, policy: { quiet } },
      { timeZone: EARLY, movedAt: since },
      '2026-12-24T18:00',
      '',
      '2026-12-24T18:00',
    ],
    // quiet hours of now, and those that the wave has waited for
    [{}, { policy: { quiet } }, { timeZone: EARLY }, '2026-12-24T18:00', '', '2026-12-24T18:00'],
    [{}, { policy: { quiet } }, { timeZone: BERLIN }, null, ''],
    [
      wave({ at: NOW + 60_000 }),
      { policy: { quiet } },
      { timeZone: BERLIN },
      '2026-12-24T12:01',
      '',
    ],
    [
      wave({ at: since - 1, isHeld: true }),
      { policy: { quiet } },
      { timeZone: BERLIN },
      null,
      '',
      '2026-12-24T09:59',
    ],
    [wave({ at: since - 1, isHeld: true }), {}, { timeZone: BERLIN }, null, '', '2026-12-24T09:59'],
    [
      wave({ at: utc('2026-12-24T07:59') }),
      { policy: { quiet } },
      { timeZone: EARLY },
      '2026-12-24T18:00',
      '',
      '2026-12-24T18:00',
    ],
  ] as const) {
    const found = (await turns(shard, rest))!.of(device);
    const shown = [found.at, found.heldUntil].map(
      (it) => it && new Date(it).toISOString().slice(0, 16),
    );
    const named = JSON.stringify([shard, rest, device]);
    assert.deepEqual(
      [shown[0] || null, found.isLate ? 'late' : '', shown[1]],
      [at, state, heldUntil],
      named,
    );
  }
  assert.equal(await turns({}), null);
});

test('turns of a page before are known as long as the rules are the same', async () => {
  const known: KnownTurns = new Map();
  let asked = 0;
  const offset: typeof offsetAt = (...it) => {
    asked += 1;
    return offsetAt(...it);
  };
  const asks = async (to: string) => {
    const before = asked;
    const page = (await turns({}, { policy: { quiet: { ...quiet, to } }, known, offset }))!;
    page.of({ timeZone: EARLY });
    const first = asked - before;
    page.of({ timeZone: EARLY });
    assert.equal(asked - before, first, 'once a page');
    assert.deepEqual(page.quiet, { ...quiet, to, zone: BERLIN });
    return first > 0;
  };
  assert.deepEqual(
    [await asks('08:00'), await asks('08:00'), await asks('09:00')],
    [true, false, true],
  );
});
