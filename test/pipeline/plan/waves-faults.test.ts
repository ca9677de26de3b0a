import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicy } from '../../../functions/model/app-policy.ts';
import { putAppPolicy } from '../../../functions/pipeline/app-policy.ts';
import { pause, resume } from '../../../functions/pipeline/control/control.ts';
import { chance, person } from '../../contracts/store-fixture.ts';
import { createWorld, DAY, eachOnce, MINUTE, ticking } from '../world.ts';

const HOUR = 60 * MINUTE;
const utc = (text: string) => Date.parse(`${text}Z`);
const zones = [
  'Pacific/Auckland',
  'Asia/Tokyo',
  'Asia/Kathmandu',
  'Europe/Berlin',
  'America/New_York',
  'Pacific/Honolulu',
  'Mars/Olympus',
  undefined,
];

for (const seed of [1, 2, 3])
  for (const timing of ['local time', 'quiet hours'] as const)
    test(`${timing}: tasks twice and in any order, deaths, lost tasks, pauses and movers: each once (seed ${seed})`, async (t) => {
      const { below, pick } = chance(seed);
      const world = createWorld(t, { seed, unkind: { duplicate: 0.3, disorder: true } });
      const { clock, store, ports, script } = world;
      clock.now = utc('2026-12-24T00:00');
      const people = await world.people(1_200, () => {
        const timeZone = pick(zones);
        return timeZone === undefined ? {} : { timeZone };
      });
      if (timing === 'quiet hours')
        await putAppPolicy(ports, {
          app: 'default',
          policy: { ...defaultPolicy, quiet: { from: '20:00', to: '08:00' } },
          by: 'me',
        });
      const schedule = { local: '2026-12-26T09:00' };
      const id = await world.campaign(timing === 'local time' ? { schedule } : {});
      // several shards in each wave, and small pages
      ports.store = {
        ...store,
        estimateAudience: async () => 250_000,
        async *streamAudience(read) {
          yield* store.streamAudience({ ...read, size: Math.min(read.size, 40) });
        },
        async freezePage(page) {
          if (below(20) === 0) throw new Error('killed before');
          const frozen = await store.freezePage(page);
          if (below(20) === 0) throw new Error('killed after');
          return frozen;
        },
      };
      ports.queue = {
        ...world.queue,
        async create(tasks) {
          if (below(25) === 0) throw new Error('killed');
          const kept = tasks.filter((it) => it.body.kind === 'event' || below(40) > 0);
          await world.queue.create(kept);
        },
      };
      const tooEarly: string[] = [];
      const open = (at: number, zone: string | undefined) => {
        const known = zone === undefined || zone.startsWith('Mars') ? 'Etc/UTC' : zone;
        const text = new Date(at).toLocaleString('sv', { timeZone: known });
        return timing === 'local time'
          ? text >= '2026-12-26 09:00'
          : text.slice(11) >= '08:00' && text.slice(11) < '20:00';
      };
      const zoneOf = new Map(people.map((it) => [it.id, it.timeZone]));
      const moved = new Set<string>();
      script.answer = ({ installationId, at }) => {
        if (!moved.has(installationId) && !open(at, zoneOf.get(installationId)))
          tooEarly.push(`${installationId} ${new Date(at).toISOString()}`);
        return { kind: 'accepted' };
      };
      const end = utc('2026-12-28T12:00');
      while (clock.now < end) {
        const until = Math.min(end, clock.now + (1 + below(90)) * MINUTE);
        await ticking({ ...world, ports }, until, 5 * MINUTE).catch((error) => {
          if (!/killed/.test(String(error))) throw error;
        });
        const { id: mover, token } = pick(people);
        moved.add(mover);
        const timeZone = pick(zones);
        await store.putInstallations([
          person(mover, { token, ...(timeZone !== undefined && { timeZone }) }, clock.now),
        ]);
        const change = below(6) === 0 ? pause(ports, id, 'a look') : resume(ports, id);
        await change.catch(() => {});
      }
      ports.store = store;
      ports.queue = world.queue;
      for (let i = 0; i < 40 && (await world.stateOf(id)) !== 'completed'; i++) {
        await resume(ports, id);
        await ticking({ ...world, ports }, clock.now + HOUR, 5 * MINUTE);
      }
      assert.ok(clock.now < end + 5 * DAY);
      eachOnce(world, people);
      assert.deepEqual(tooEarly, []);
      const { counts } = await world.closed(id);
      assert.deepEqual([counts.recipients, counts.accepted], [1_200, 1_200]);
    });
