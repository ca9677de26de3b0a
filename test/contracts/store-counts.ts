/** The part of the store's contract that is about how many installations there are, and of which kind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { permissions, platforms } from '../../functions/model/platform.ts';
import { countRegistry } from '../../functions/pipeline/audience/registry.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { chance, type MakeStore, NOW, person } from './store-fixture.ts';

const APPS = ['default', 'shop', 'two words', 'two\nlines'];
const LANGUAGES = ['de', 'pt-BR', undefined];

/** What the store says of an app, and what its installations say. */
async function compare(store: Store, app: string, ids: string[]) {
  const there = (await Promise.all(ids.map((id) => store.getInstallation(app, id)))).filter(
    (it) => it !== null,
  );
  const present = there.filter((it) => !it.optedOut);
  const by = (name: (it: (typeof there)[number]) => string) =>
    Object.fromEntries(
      Object.entries(Object.groupBy(present, name)).map(([key, some]) => [key, some!.length]),
    );
  const {
    platforms: on,
    languages,
    permissions: may,
    ...rest
  } = await countRegistry({ store }, app);
  const { length } = present;
  assert.deepEqual(rest, {
    installations: length,
    exact: true,
    interval: { low: length, high: length },
    asOf: null,
    counted: length,
    optedOut: there.length - length,
  });
  assert.deepEqual(
    on,
    by((it) => it.platform),
  );
  assert.deepEqual(
    languages,
    by((it) => it.language ?? ''),
  );
  assert.deepEqual(
    may,
    by((it) => it.permission ?? 'unknown'),
  );
}

export function countContract(name: string, makeStore: MakeStore) {
  test(`${name}: installations are counted by kind, whatever they became`, async (t) => {
    const store = await makeStore(t);
    const { below, pick } = chance(18);
    const ids = Array.from({ length: 12 }, (_, n) => `device-${n}`);
    const some = (at: number) => {
      const id = pick(ids);
      return person(
        id,
        {
          app: pick(APPS),
          platform: pick(platforms),
          language: pick(LANGUAGES),
          permission: pick([...permissions, undefined]),
          optedOut: pick([true, false, undefined]),
          // tokens move between installations
          token: `token-${below(20)}`,
        },
        at,
      );
    };
    for (let round = 0; round < 40; round++) {
      const it = some(NOW + round);
      const others = [some(NOW + round), some(NOW + round)];
      const steps: (() => Promise<unknown>)[] = [
        () => store.putInstallations([it, ...others]),
        () => store.importInstallations([it, ...others], { run: null, now: NOW }),
        () => store.updateInstallation(it.app, it.id, (old) => ({ ...old, optedOut: true })),
        () => store.updateInstallation(it.app, it.id, (old) => ({ ...old, language: 'fr' })),
        () => store.updateInstallation(it.app, it.id, (old) => ({ ...old, permission: 'denied' })),
        () => store.deleteInstallation(it.app, it.id),
      ];
      await pick([...steps, steps[0]!, steps[1]!])();
    }
    for (const app of APPS) await compare(store, app, ids);
    await compare(store, 'nowhere', ids);
  });
}
