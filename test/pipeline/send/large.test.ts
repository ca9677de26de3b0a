/** A large chunk: what one commit holds is bounded, whatever became of its recipients. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkCommit } from '../../../functions/model/chunk.ts';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { allFailures } from '../../contracts/store-fixture.ts';
import { createWorld, eachOnce } from '../world.ts';

const gone: Outcome = { kind: 'unregistered', reason: 'UNREGISTERED', since: null };

test('a chunk in which everyone failed is committed in parts, each recipient once', async (t) => {
  const world = createWorld(t);
  const { store, ports } = world;
  ports.chunkSize = 3_000;
  const people = await world.people(2_500);
  world.script.answer = () => gone;
  const commits: ChunkCommit[] = [];
  ports.store = {
    ...store,
    commitChunk(commit) {
      commits.push(commit);
      return store.commitChunk(commit);
    },
  };
  const id = await world.send();
  const { counts, chunks } = {
    counts: await store.counts(id),
    chunks: new Set(commits.map((it) => it.chunkId)),
  };
  assert.deepEqual(
    [counts.recipients, counts.failed, counts.pruned],
    [2_500, 2_500, { UNREGISTERED: 2_500 }],
  );
  assert.ok(chunks.size < 2_500 / 1_000, `${chunks.size} chunks`);
  assert.ok(commits.every((it) => it.failures.length <= 1_000 && it.forget.length <= 1_000));
  // what a commit holds back is open in it
  for (const it of commits)
    assert.ok(it.open.every((index) => !it.failures.some((failure) => failure.index === index)));
  assert.equal((await allFailures(store, id)).length, 2_500);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  eachOnce(world, people);
});

test('a commit of a part that the store does not take leaves the rest to another attempt', async (t) => {
  const world = createWorld(t);
  const { store, ports } = world;
  ports.chunkSize = 3_000;
  await world.people(2_500);
  world.script.answer = () => gone;
  let failing = 4;
  ports.store = {
    ...store,
    commitChunk(commit) {
      if (commit.failures.length > 0 && commit.open.length < 1_000 && failing-- > 0)
        throw new Error('the store does not answer');
      return store.commitChunk(commit);
    },
  };
  const id = await world.send();
  const { counts } = await world.closed(id);
  assert.deepEqual([counts.recipients, counts.failed], [2_500, 2_500]);
  assert.ok(failing < 0);
  assert.equal((await allFailures(store, id)).length, 2_500);
});
