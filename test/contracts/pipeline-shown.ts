/** What people see of local time and quiet hours, on any store: the campaign, its report, and one device. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type AppPolicy, defaultPolicy } from '../../functions/model/app-policy.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import { report, reportLines, reportText } from '../../functions/pipeline/report.ts';
import { standingOf } from '../../functions/pipeline/waves.ts';
import { why } from '../../functions/pipeline/why/why.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { createWorld, MINUTE, NOW, type World } from '../pipeline/world.ts';
import { person } from './store-fixture.ts';

type MakeStore = (t: TestContext, now?: () => number) => Promise<Store>;

const HOUR = 60 * MINUTE;
const put = ({ ports }: World, policy: Partial<AppPolicy>) =>
  putAppPolicy(ports, { app: 'default', policy: { ...defaultPolicy, ...policy }, by: 'ada' });

/** Two in Berlin, one in Kathmandu, one in New York, one without a zone. It is 13:00 UTC. */
const ZONES = ['Europe/Berlin', 'Europe/Berlin', 'Asia/Kathmandu', 'America/New_York', undefined];
const people = (world: World) =>
  world.people(5, (n) => (ZONES[n] === undefined ? {} : { timeZone: ZONES[n] }));

async function wavesOf({ store }: World, id: string) {
  const { waves } = await standingOf(store, (await store.getCampaign(id))!);
  return waves.map(({ at, zones, state, isHeld, isLate, counts }) => {
    const where = zones === 'movers' ? zones : 'in' in zones ? zones.in.join() : 'others';
    const what = [isHeld && 'held', isLate && 'late'].filter(Boolean).join();
    const when = zones === 'movers' ? '' : new Date(at).toISOString().slice(5, 16);
    return `${when} ${where} ${state} ${counts.recipients} ${what}`.trim();
  });
}

const of = async ({ ports }: World, id: string, device: number) => {
  const found = await why(ports, id, `device-${device}`);
  assert.equal(found.kind, 'known');
  return found.kind === 'known' ? found.why : assert.fail();
};

const lineOf = async ({ ports }: World, id: string, label: string) =>
  reportLines((await report(ports, id))!).find(([it]) => it === label)?.[1];

const waveTable = async ({ ports }: World, id: string) =>
  reportText((await report(ports, id))!)
    .split('\n\n')[1]!
    .trimEnd()
    .split('\n');

export function shownContract(name: string, makeStore: MakeStore, skip: string | false = false) {
  const walk = (title: string, walked: (world: World) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const clock = { now: NOW };
      const store = await makeStore(t, () => clock.now);
      await walked(createWorld(t, { store, clock }));
    });

  walk(
    'a campaign with a local time shows its waves, and each device when it is its turn',
    async (world) => {
      await people(world);
      await put(world, { defaultZone: 'America/New_York' });
      // Kathmandu has 18:45: it has passed there
      const id = await world.campaign({ schedule: { local: '2026-11-21T15:00', late: 'skip' } });
      const before = await of(world, id, 0);
      assert.equal(before.state, 'not-planned');
      assert.match(
        before.summary,
        /It is sent to at 2026-11-21 14:00:00 UTC, by its time zone Europe\/Berlin\./,
      );
      assert.match(
        (await of(world, id, 2)).summary,
        /Its clock in Asia\/Kathmandu has shown 2026-11-21 15:00 already: it is skipped\./,
      );

      await world.run(NOW + 30 * MINUTE);
      assert.deepEqual(await wavesOf(world, id), [
        '11-21T13:00 Asia/Kathmandu done 1 late',
        '11-21T14:00 Europe/Berlin waiting 0',
        '11-21T20:00 others waiting 0',
        'movers waiting 0',
      ]);
      assert.equal(
        await lineOf(world, id, 'Waves'),
        '1 of 3 done; the next at 2026-11-21 14:00 UTC',
      );
      assert.equal(await lineOf(world, id, 'Skipped'), '1 (late)');
      assert.deepEqual(await waveTable(world, id), [
        'Waves (UTC), with their recipients; ~: about so many, before they are read',
        '  2026-11-21 13:00  done               1  late  Asia/Kathmandu',
        '  2026-11-21 14:00  waiting           ~2        Europe/Berlin',
        '  2026-11-21 20:00  waiting           ~2        all other zones',
        '  at the end        waiting            0        moved meanwhile',
      ]);
      const waits = await of(world, id, 1);
      assert.equal(waits.absence?.kind, 'not-read-yet');
      assert.match(
        waits.summary,
        /Its wave in Europe\/Berlin is at 2026-11-21 14:00:00 UTC, when its clock shows 2026-11-21 15:00/,
      );
      assert.match(
        (await of(world, id, 4)).summary,
        /Its wave in America\/New_York \(the default of its app\) is at 2026-11-21 20:00:00 UTC/,
      );
      const late = await of(world, id, 2);
      assert.equal(late.state, 'skipped');
      assert.match(late.summary, /Its clock had shown 2026-11-21 15:00 already/);
      assert.ok(
        late.timeline.some(
          (it) => it.kind === 'skipped' && /its local time had passed/.test(it.text),
        ),
      );

      await world.run(NOW + 2 * HOUR);
      assert.deepEqual((await wavesOf(world, id)).slice(0, 2), [
        '11-21T13:00 Asia/Kathmandu done 1 late',
        '11-21T14:00 Europe/Berlin done 2',
      ]);
      const sent = await of(world, id, 0);
      assert.equal(sent.state, 'accepted');
      assert.ok(
        sent.timeline.some(
          (it) => it.kind === 'turn' && it.text === 'Its clock shows 2026-11-21 15:00.',
        ),
      );

      // it moves to where the wave is over: the last one has it
      world.clock.now = NOW + 3 * HOUR;
      await world.store.putInstallations([person('device-3', { timeZone: 'Europe/Berlin' })]);
      const moved = await of(world, id, 3);
      assert.match(
        moved.summary,
        /Its time zone has changed: .+ it is sent to when all of them are read\./,
      );
      assert.ok(moved.hints.some((it) => it.kind === 'moved'));

      await world.run();
      const { counts } = await world.closed(id);
      assert.deepEqual([counts.recipients, counts.accepted, counts.skippedBy], [5, 4, { late: 1 }]);
      assert.deepEqual(await waveTable(world, id), [
        'Waves (UTC), with their recipients',
        '  2026-11-21 13:00  done               1  late  Asia/Kathmandu',
        '  2026-11-21 14:00  done               2        Europe/Berlin',
        '  2026-11-21 20:00  done               1        all other zones',
        '  at the end        done               1        moved meanwhile',
      ]);
    },
  );

  walk(
    'who waits for the end of quiet hours is told until when, in the report and of one device',
    async (world) => {
      await people(world);
      // in Berlin it is 14:00, in Kathmandu 18:45, in New York 08:00
      await put(world, { quiet: { from: '18:00', to: '09:00' }, defaultZone: 'Europe/Berlin' });
      const id = await world.campaign();
      await world.run(NOW + 10 * MINUTE);
      assert.deepEqual(await wavesOf(world, id), [
        '11-21T13:00 others done 3',
        '11-21T14:00 America/New_York waiting 0 held',
        '11-22T03:15 Asia/Kathmandu waiting 0 held',
        'movers waiting 0',
      ]);
      const held = await of(world, id, 3);
      assert.match(
        held.summary,
        /It waits for the end of quiet hours in America\/New_York, at 2026-11-21 14:00:00 UTC\./,
      );
      await world.run();
      const { counts } = await world.closed(id);
      assert.deepEqual([counts.accepted, counts.held], [5, 2]);
      assert.equal(
        await lineOf(world, id, 'Held'),
        '2 until 2026-11-22 03:15 UTC, when quiet hours end',
      );
      const { data } = world.announced.find((it) => it.subject === id)!;
      const told = (data as { counts: { held: number; heldUntil: string } }).counts;
      assert.deepEqual([told.held, told.heldUntil], [2, '2026-11-22T03:15:00.000Z']);
      assert.ok(
        (await of(world, id, 2)).timeline.some(
          (it) => it.text === 'The quiet hours of its zone are over.',
        ),
      );

      // in New York it becomes quiet at 18:00
      assert.match(
        (await of(world, id, 3)).next,
        /^Was the device online before 2026-11-21 23:00:00 UTC/,
      );

      const list = await world.campaign({
        audience: { installationIds: ['device-0', 'device-2'] },
      });
      await world.run(world.clock.now + MINUTE);
      assert.deepEqual(await wavesOf(world, list), [], 'a list is read once');
    },
  );
}
