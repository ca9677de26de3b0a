import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erase } from '../../functions/pipeline/erase.ts';
import type { Erased } from '../../functions/ports/ports.ts';
import { createWorld } from './world.ts';

test('what one call does not reach is erased by queued steps, and a step that fails is repeated', async (t) => {
  const world = createWorld(t);
  const seen: (string | null)[] = [];
  const nothing = { installations: 0, recipients: 1, failures: 0, closed: [] };
  const answers: Record<string, Erased> = {
    null: { ...nothing, installations: 1, next: 'second' },
    second: { ...nothing, next: 'third' },
    third: { ...nothing, next: null },
  };
  world.ports.store = {
    ...world.store,
    async eraseUser(userId, _, after = null) {
      assert.equal(userId, 'ada');
      seen.push(after);
      if (after === 'third' && seen.length < 4) throw new Error('killed');
      return answers[String(after)]!;
    },
  };
  const first = await erase(world.ports, 'ada');
  assert.deepEqual([first.installations, first.recipients, first.next], [1, 1, 'second']);
  assert.deepEqual(seen, [null]);
  await world.run();
  assert.deepEqual(seen, [null, 'second', 'third', 'third']);
});

test('an erasure that fits into one call queues nothing', async (t) => {
  const world = createWorld(t);
  await world.people(3);
  world.ports.queue = { ...world.queue, create: () => assert.fail('queued') };
  assert.equal((await erase(world.ports, 'nobody')).next, null);
});
