/**
 * A random life of a registry on the real store, in virtual time: installations register, change, opt
 * out, go and come back, users are erased, pages are built, folded, deleted and expire, while planners read
 * and stop or die in the middle. The documents are the truth: a planner reaches no others than those who were in the
 * audience at some time while it read, and everybody who was there all the time.
 */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { matches } from '../../../../functions/model/audience/matches.ts';
import type { Carried, Installation, Reached } from '../../../../functions/model/installation.ts';
import type { Audience } from '../../../../functions/model/schemas/audience.ts';
import type { Store } from '../../../../functions/ports/ports.ts';
import { unpacked } from '../../../../functions/store/firestore/pages/codec.ts';
import {
  appOf,
  type InstallationFields,
  idOf,
  toInstallation,
} from '../../../../functions/store/firestore/schema.ts';
import { chance, EVERYBODY, MINUTE, NOW, person } from '../../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { emulator } from '../emulated.ts';
import { idIn } from '../marked.ts';
import { startProxy } from '../proxy.ts';
import { DAY, HOUR, openPaged } from './paged.ts';

const skip = withoutEmulators('firestore');

const STEPS = 40;
const APPS = ['a', 'a~', 'ab'];
const IDS = ['0', '0', '0', '7', 'f', 'f'].map((cell, n) => idIn(cell, `device-${n}`));
const TAGS = ['news', 'vip'];
const ZONES = ['Asia/Tokyo', 'Europe/Zurich'];
/** Codes that a client does not try again: to it the process is dead. */
const DEAD = { code: status.PERMISSION_DENIED, when: 'before' } as const;

for (const seed of [11, 12, 13])
  test(`a random life of a registry (seed ${seed})`, { skip }, async (t) => {
    const life = await begin(t, seed);
    for (let step = 0; step < STEPS; step++) await life.step();
    t.diagnostic(`${life.campaigns()} campaigns, ${life.reached()} reached`);
  });

/** Who was reached, and what was known of it. */
const keyOf = ({ id, token, timeZone }: Pick<Reached, 'id' | 'token' | 'timeZone'>) =>
  `${id} ${token} ${timeZone}`;

async function begin(t: TestContext, seed: number) {
  const { below, pick } = chance(seed);
  const proxy = await startProxy(emulator, t);
  const clock = { now: () => NOW };
  const it = openPaged(
    t,
    {
      now: () => clock.now(),
      pages: {
        querySize: 2,
        foldedAfter: 2,
        random: () => (below(20) === 0 ? 0 : 1),
        onDifference: (told) => assert.fail(`seed ${seed}: ${JSON.stringify(told)}`),
      },
    },
    proxy.host,
  );
  clock.now = () => NOW + it.clock.ahead;
  for (const app of APPS.slice(0, 2)) await it.layout(app);
  const erased = new Set<string>();
  let [users, tokens, campaigns, reached] = [0, 0, 0, 0];

  /** All installations, as their documents say. */
  async function truth(): Promise<Installation[]> {
    const { docs } = await it.schema.installations.get();
    return docs.map((doc) =>
      toInstallation(appOf(doc.id), idOf(doc.id).id, doc.data() as InstallationFields),
    );
  }

  async function register(store: Store) {
    const [app, id] = [pick(APPS), pick(IDS)];
    const stored = await store.getInstallation(app, id);
    const refreshedAt = clock.now() + (below(3) - 1) * HOUR;
    // most are as they were: an app says that it is still there
    const same = stored && below(2) === 0 ? stored : null;
    const token = below(6) === 0 ? `token-${below(++tokens)}` : (stored?.token ?? `${app} ${id}`);
    const changed = {
      ...person(id, { app, token, tags: TAGS.filter(() => below(2) === 0) }),
      ...(below(3) === 0 && { userId: `user-${++users}` }),
      ...(below(3) > 0 && { timeZone: pick(ZONES) }),
      ...(below(6) === 0 && { optedOut: below(2) === 0 }),
      ...(below(6) === 0 && { optedOutOf: below(2) === 0 ? ['marketing'] : [] }),
    };
    await store.putInstallations([{ ...(same ?? changed), refreshedAt }]);
  }

  /** Its app says one thing about it, or where it is. */
  async function patch() {
    const change = pick<Partial<Installation>>([
      { timeZone: pick(ZONES) },
      { timeZone: undefined },
      { optedOutOf: pick([[], ['marketing']]) },
      { tags: [pick(TAGS)] },
    ]);
    await it.other.updateInstallation(pick(APPS), pick(IDS), (one) => ({ ...one, ...change }));
  }

  async function erase() {
    const theirs = (await truth()).flatMap((one) => one.userId ?? []);
    if (theirs.length === 0) return;
    const user = pick(theirs);
    await it.other.eraseUser(user, clock.now());
    erased.add(user);
    await noneErased();
  }

  /** No page has a row of a user who was erased. */
  async function noneErased() {
    for (const { rows, n } of (await it.pages()).values())
      for (const row of (rows ? unpacked(rows as Uint8Array, n as number) : null) ?? [])
        assert.ok(!erased.has(row.userId ?? ''), `seed ${seed}: ${row.userId} is in a page`);
  }

  /** What has expired goes at some time, in no order. */
  async function expire() {
    for (const collection of [it.schema.pages, it.schema.gone, it.schema.former])
      for (const doc of (await collection.get()).docs)
        if (doc.get('expireAt').toMillis() <= clock.now() && below(2) === 0) await doc.ref.delete();
  }

  const acts: (() => Promise<unknown>)[] = [
    ...Array.from({ length: 6 }, () => () => register(it.other)),
    patch,
    patch,
    () => it.other.deleteInstallation(pick(APPS), pick(IDS)),
    () => it.other.deleteInstallation(pick(APPS), pick(IDS)),
    erase,
    () => read(it.other, pick(APPS), {}),
    () => read(it.other, pick(APPS), { tags: { any: ['vip'] } }),
  ];

  /** `found` is added to: what was read before the process died counts as well. */
  async function read(store: Store, app: string, audience: Audience, found: string[] = []) {
    const isOfWave = 'not' in audience && below(2) === 0;
    const carried: Carried[] = ['timeZone'];
    const all = { app, audience, range: EVERYBODY, after: null, size: 2, carried, isOfWave };
    for await (const { installations } of store.streamAudience(all))
      found.push(...installations.map(keyOf));
    return found;
  }

  function audience(): Audience {
    const at = new Date(clock.now() - (16 + below(30)) * DAY).toISOString();
    const wave = { not: { timeZone: [pick(ZONES)] } };
    return pick<Audience>([
      {},
      {},
      wave,
      wave,
      // no index narrows it, so that pages are read
      { and: [{}, { or: [{ timeZone: [pick(ZONES)] }] }] },
      { tags: { any: ['vip'] } },
      { category: 'marketing' },
      { not: { tags: { all: ['news'] } } },
      { lastSeen: { after: at } },
      { not: { lastSeen: { after: at } } },
    ]);
  }

  /** A planner reads; before some of its calls something happens. */
  async function campaign() {
    const app = pick(APPS);
    const asked = audience();
    const inIt = (all: Installation[]) =>
      new Set(all.filter((one) => one.app === app && matches(asked, one)).map(keyOf));
    const states = [inIt(await truth())];
    const stops = new Set(Array.from({ length: below(4) }, () => below(30)));
    const dies = below(5) === 0 ? below(30) : Number.POSITIVE_INFINITY;
    let calls = 0;
    proxy.fault = async () => {
      if (calls >= dies) return DEAD;
      if (stops.delete(calls++)) {
        await pick(acts)();
        states.push(inIt(await truth()));
      }
      return null;
    };
    const found: string[] = [];
    await read(it.store, app, asked, found).catch((error) => {
      if (calls < dies) throw error;
    });
    const isWhole = calls < dies;
    proxy.fault = () => null;
    const what = `seed ${seed}, campaign ${campaigns++} of ${app} to ${JSON.stringify(asked)}`;
    for (const one of found)
      assert.ok(
        states.some((state) => state.has(one)),
        `${what}: ${one} was reached`,
      );
    for (const one of isWhole ? states[0]! : [])
      if (states.every((state) => state.has(one)))
        assert.ok(found.includes(one), `${what}: ${one} is missing`);
    reached += found.length;
    await noneErased();
  }

  return {
    campaigns: () => campaigns,
    reached: () => reached,
    async step() {
      for (let n = below(4); n > 0; n--) await pick(acts)();
      await campaign();
      it.clock.ahead += pick([0, MINUTE, 7 * MINUTE, HOUR, DAY, 8 * DAY]);
      if (below(8) === 0) await expire();
      if (below(25) === 0) await it.layout(APPS[0]!, 5);
      if (below(25) === 0) await it.drop();
    },
  };
}
