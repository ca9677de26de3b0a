import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOneBehind } from '../../functions/lib/one-behind.ts';

test('a piece goes on behind its caller, and the next one waits for it', async () => {
  const steps: string[] = [];
  const first = Promise.withResolvers<void>();
  const behind = createOneBehind();
  await behind.begin(() => first.promise.then(() => steps.push('first')));
  steps.push('beside it');
  first.resolve();
  await behind.begin(async () => steps.push('second'));
  await behind.ended();
  assert.deepEqual(steps, ['beside it', 'first', 'second']);
});

test('what fails is thrown by the next call, and no later piece begins', async () => {
  const failing = async () => {
    throw new Error('broken');
  };
  const behind = createOneBehind();
  await behind.begin(failing);
  await assert.rejects(
    behind.begin(() => assert.fail('has begun')),
    /broken/,
  );
  await assert.rejects(behind.ended(), /broken/);
});
