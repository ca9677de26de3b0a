/**
 * Movers, on any store: devices that change their time zone while a campaign in local time goes round the world,
 * also between the read and the freeze of a page, while planners die and tasks come twice. Each gets it once.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicy } from '../../functions/model/app-policy.ts';
import type { Installation } from '../../functions/model/installation.ts';
import { turnIn } from '../../functions/model/waves.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { createWorld, DAY, eachOnce, MINUTE, ticking, type World } from '../pipeline/world.ts';
import { chance, type MakeStore } from './store-fixture.ts';

const HOUR = 60 * MINUTE;
const DEVICES = 1_000;
/** Devices of a page, so that a wave has several. */
const PAGE = 16;
/** Turns of the event loop that a planner stalls at most. */
const STALLED_TURNS = 2_000;
const LOCAL = '2026-12-24T09:00';
const BEGIN = Date.parse('2026-12-24T09:00:00+14:00');
const END = Date.parse('2026-12-24T09:00:00-12:00');

const zones = [
  ...['Pacific/Kiritimati', 'Pacific/Chatham', 'Pacific/Auckland', 'Pacific/Noumea'],
  ...['Australia/Adelaide', 'Asia/Tokyo', 'Australia/Eucla', 'Asia/Shanghai', 'Asia/Yangon'],
  ...['Asia/Dhaka', 'Asia/Kathmandu', 'Asia/Kolkata', 'Asia/Tehran', 'Europe/Moscow'],
  ...['Europe/Athens', 'Europe/Berlin', 'Europe/London', 'Atlantic/Azores', 'America/Sao_Paulo'],
  ...['America/St_Johns', 'America/New_York', 'America/Los_Angeles', 'Pacific/Marquesas'],
  ...['Pacific/Honolulu', 'Pacific/Niue'],
];
/** Where a device may be: it may tell no zone, or one that is none. */
const places = [...zones, undefined, undefined, 'Mars/Olympus', 'Mars/Olympus'];

export function moversContract(
  name: string,
  makeStore: MakeStore,
  { seeds, skip, comeBack }: { seeds: number[]; skip: string | false; comeBack: boolean },
) {
  for (const seed of seeds)
    test(`${name}: of ${DEVICES} that move between waves each is sent to once (${seed})`, {
      skip,
    }, async (t) => {
      const clock = { now: BEGIN - 3 * DAY };
      const store = await makeStore(t, () => clock.now);
      const world = createWorld(t, { store, clock, seed, unkind: { duplicate: 0.2 } });
      const policy = { ...defaultPolicy, defaultZone: 'Asia/Dubai' };
      await putAppPolicy(world.ports, { app: 'default', policy, by: 'ada@example.com' });
      const people = await world.people(DEVICES, (n) => ({ timeZone: places[n % places.length] }));
      const moves = movesOf(world, people, { seed, comeBack });
      const id = await world.campaign({ schedule: { local: LOCAL } });
      world.ports.chunkSize = PAGE;
      const met = troubled(world, people, moves, seed);
      for (const { at, count } of timesOf(seed)) {
        await world.run(at);
        clock.now = Math.max(clock.now, at);
        await moves.move(count);
      }
      await ticking(world, END + HOUR, 10 * MINUTE);
      world.ports.store = store;
      await world.run();
      assert.ok(met.died > 3 && met.stalled > 3, JSON.stringify(met));
      assert.ok(moves.sawAll(), 'devices went in every direction');
      assert.equal((await world.closed(id)).accepted, DEVICES);
      const chunks = new Map(world.script.sent.map((it) => [it.installationId, it.seed]));
      for (const it of world.script.sent)
        assert.equal(
          it.seed,
          chunks.get(it.installationId),
          `${it.installationId} is in two chunks`,
        );
      eachOnce(world, people);
    });
}

const timing = {
  local: { local: LOCAL, late: 'now' as const, since: 0 },
  begin: 0,
  quiet: null,
  defaultZone: 'Asia/Dubai',
};
const waves = zones
  .map((zone) => ({ zone, at: turnIn(timing, zone).at }))
  .toSorted((a, b) => a.at - b.at);

/** When devices move: often near the times of waves, when these are planned. */
function timesOf(seed: number) {
  const { random, below, pick } = chance(seed + 100);
  return Array.from({ length: 90 }, () => ({
    at:
      random() < 0.6
        ? pick(waves).at + Math.floor((random() - 0.6) * 4 * MINUTE)
        : BEGIN - 2 * HOUR + Math.floor(random() * (END - BEGIN + 3 * HOUR)),
    count: 5 + below(20),
  })).toSorted((a, b) => a.at - b.at);
}

type Moves = ReturnType<typeof movesOf>;

/** Where a device is to go. */
interface Place {
  zone: string | undefined;
}

const sides = ['none', 'unknown', 'known'] as const;
const sideOf = (zone: string | undefined): (typeof sides)[number] =>
  zone === undefined ? 'none' : zone === 'Mars/Olympus' ? 'unknown' : 'known';

/** Moves devices by chance, by each verb that writes one, and every third back to where it was before. */
function movesOf(
  { store, clock }: World,
  people: Installation[],
  { seed, comeBack }: { seed: number; comeBack: boolean },
) {
  const { random, below, pick } = chance(seed);
  const before = new Map<string, string | undefined>();
  const byId = new Map(people.map((it) => [it.id, it]));
  const seen = new Set<string>();

  async function one(id: string, to?: Place) {
    const it = byId.get(id)!;
    const isBack = to === undefined && before.has(id) && random() < 0.3;
    const timeZone = isBack ? before.get(id) : to ? to.zone : pick(places);
    seen.add(isBack ? 'back' : `${sideOf(it.timeZone)} to ${sideOf(timeZone)}`);
    before.set(id, it.timeZone);
    const moved: Installation = { ...it, timeZone, refreshedAt: clock.now };
    byId.set(id, moved);
    const way = below(comeBack ? 4 : 3);
    if (way === 3) await store.deleteInstallation(it.app, id);
    if (way === 0 || way === 3) await store.putInstallations([moved]);
    else if (way === 1) await store.importInstallations([moved], { run: null, now: clock.now });
    else await store.updateInstallation(it.app, id, (kept) => ({ ...kept, timeZone }));
  }

  /** Directions that chance may not choose: where a device is then differs from run to run. */
  const rare = sides.flatMap((from) => sides.map((to) => ({ from, to })));

  return {
    /** The first is in a direction that was not chosen before. */
    async move(count: number) {
      const next = rare.shift();
      const there = next && [...byId.values()].find((it) => sideOf(it.timeZone) === next.from);
      if (there) await one(there.id, { zone: places.find((it) => sideOf(it) === next.to) });
      for (let i = there ? 1 : 0; i < count; i++) await one(pick(people).id);
    },
    one,
    sawAll: () => seen.size === sides.length ** 2 + 1,
  };
}

/**
 * While pages are read and frozen, devices of them move. Planners die before or after a write, or stall until
 * the next wave is planned.
 */
function troubled(world: World, people: Installation[], moves: Moves, seed: number) {
  const { random, pick } = chance(seed + 200);
  const { store, clock, queue } = world;
  const met = { died: 0, stalled: 0 };
  const leased = new Set<string>();
  let writes = 0;
  const meddle = async (ids: string[]) => {
    if (random() < 0.25) await moves.one(pick(people).id);
    if (ids.length > 0 && random() < 0.4) await moves.one(pick(ids));
  };
  /** By chance, and at least each so many calls: which call comes when is not the same in each run. */
  const atLeastEach = (calls: number, chances: number) => {
    let since = 0;
    return () => {
      since = since + 1 >= calls || random() < chances ? 0 : since + 1;
      return since === 0;
    };
  };
  const diesBefore = atLeastEach(20, 0.05);
  const diesAfter = atLeastEach(10, 0.1);
  const stalls = atLeastEach(4, 0.25);
  const die = (dies: () => boolean) => {
    if (!dies()) return;
    met.died += 1;
    throw new Error('killed');
  };
  /** One of the page moves to where the next wave is, which is planned before the page is frozen. */
  const stall = async (ids: string[]) => {
    const next = waves.find((it) => it.at > clock.now);
    if (!next || ids.length === 0 || !stalls()) return;
    met.stalled += 1;
    await moves.one(pick(ids), next);
    // time that passes while a chunk is sent would end its lease
    while (leased.size > 0) await new Promise((resolve) => setImmediate(resolve));
    clock.now = Math.max(clock.now, next.at - MINUTE);
    await queue.create([]);
    const seen = writes;
    for (let turns = 0; writes === seen && turns < STALLED_TURNS; turns++)
      await new Promise((resolve) => setImmediate(resolve));
  };
  const wrapped: Store = {
    ...store,
    async *streamAudience(read) {
      for await (const page of store.streamAudience({ ...read, size: PAGE })) {
        const ids = page.installations.map((it) => it.id);
        await meddle(ids);
        yield page;
        await meddle(ids);
      }
    },
    async claimChunk(chunkId, ...rest) {
      leased.add(chunkId);
      const claim = await store.claimChunk(chunkId, ...rest);
      if (claim.kind !== 'claimed' && claim.kind !== 'leased') leased.delete(chunkId);
      return claim;
    },
    async commitChunk(commit) {
      const committed = await store.commitChunk(commit);
      leased.delete(commit.chunkId);
      return committed;
    },
    async frozenAmong(id, ids, waves) {
      const found = await store.frozenAmong(id, ids, waves);
      await meddle(ids);
      return found;
    },
    async freezePage(page) {
      const ids = page.chunks.flatMap((it) => it.recipients.map((one) => one.installationId));
      await meddle(ids);
      await stall(ids);
      die(diesBefore);
      writes += 1;
      const frozen = await store.freezePage(page);
      die(diesAfter);
      await meddle(ids);
      return frozen;
    },
  };
  world.ports.store = wrapped;
  return met;
}
