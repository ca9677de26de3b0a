import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { OAuth2Client } from 'google-auth-library';
import { Unavailable } from '../../../functions/lib/errors.ts';
import { type QueueName, servedBy } from '../../../functions/model/queues.ts';
import type { Task } from '../../../functions/model/tasks.ts';
import type { CloudTasksStats } from '../../../functions/simulators/cloud-tasks/simulator.ts';
import { createOidc } from '../../../functions/simulators/shared/oidc.ts';
import { queueContract } from '../../contracts/queue.ts';
import { until } from '../../until.ts';
import { clientOf, invoker, makeCloudTasks, ms, oidc, queueName } from './harness.ts';

queueContract('cloud tasks', async (t) => makeCloudTasks(t));

const task = (name: string, rest: Partial<Task> = {}): Task => ({
  queue: 'plan',
  name,
  body: { kind: 'plan', campaignId: name },
  ...rest,
});
const tasks = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => task(`task-${from + i}`));
const counts = ({ creates, batches, created, duplicates }: CloudTasksStats) => ({
  creates,
  batches,
  created,
  duplicates,
});
/** Full jitter that never waits. */
const random = () => 0;

test('a task whose answer was lost is created once', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t, { random });
  await simulator.set({ loseAnswers: { count: 1, how: 'deadline' } });
  await queue.create([task('one')]);
  const expected = { creates: 2, batches: 0, created: 1, duplicates: 1 };
  assert.deepEqual(counts(await simulator.stats()), expected);
});

test('a service that does not answer at all is asked again, and the task is there once', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t, { random, callDeadlineMs: 1_000 });
  await simulator.set({ loseAnswers: { count: 1, how: 'hang' } });
  await queue.create([task('one')]);
  const { creates, created, duplicates } = await simulator.stats();
  // on a busy machine an answer may be late, and is asked for once more
  assert.ok(creates >= 2, `${creates} calls`);
  assert.deepEqual([created, duplicates], [1, creates - 1]);
});

test('a connection that died without a word costs a deadline, not a task', async (t) => {
  const { simulator } = await makeCloudTasks(t);
  const pairs: Socket[][] = [];
  const proxy = createServer((near) => {
    const far = connect(Number(simulator.host.split(':')[1]), '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const it of [near, far]) it.on('error', () => {});
    pairs.push([near, far]);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    for (const it of pairs.flat()) it.destroy();
    proxy.close();
  });
  const { port } = proxy.address() as AddressInfo;
  const { queue } = await makeCloudTasks(t, {
    random,
    emulatorHost: `127.0.0.1:${port}`,
    callDeadlineMs: 500,
  });
  await queue.create([task('one')]);
  for (const it of pairs.flat()) it.unpipe().resume();
  await queue.create([task('two')]);
  assert.equal((await simulator.stats()).created, 2);
  assert.ok(pairs.length >= 2);
});

test('a task that exists is no error, and is not created again', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  await queue.create([task('one'), task('two')]);
  await queue.create([task('one')]);
  assert.equal((await simulator.stats()).created, 2);
  assert.equal((await simulator.stats()).duplicates, 1);
});

test('250 tasks go in 3 calls, a queue to each batch', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  const elsewhere = tasks(20).map((it) => ({ ...it, queue: 'deliver' as const }));
  await queue.create([...tasks(250), ...elsewhere]);
  const expected = { creates: 0, batches: 4, created: 270, duplicates: 0 };
  assert.deepEqual(counts(await simulator.stats()), expected);
});

test('a batch whose answer was lost is not done twice', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t, { random });
  await simulator.set({ loseAnswers: { count: 1, how: 'deadline' } });
  await queue.create(tasks(100));
  const expected = { creates: 0, batches: 2, created: 100, duplicates: 0 };
  assert.deepEqual(counts(await simulator.stats()), expected);
});

test('a batch is waited for, and what failed in it is created one by one', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  await queue.create(tasks(5));
  await simulator.set({ batchMs: 200, failInBatch: { count: 3, code: status.INTERNAL } });
  await queue.create(tasks(50));
  // three of the five that exist fail for another reason, and are found to exist one by one
  const expected = { creates: 5 + 3, batches: 1, created: 50, duplicates: 2 + 3 };
  assert.deepEqual(counts(await simulator.stats()), expected);
});

test('a batch of tasks that all exist is no error', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  await queue.create(tasks(30));
  await queue.create(tasks(30));
  const expected = { creates: 0, batches: 2, created: 30, duplicates: 30 };
  assert.deepEqual(counts(await simulator.stats()), expected);
});

test('a batch that is never done is created one by one', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t, { random, batchDeadlineMs: 100 });
  await simulator.set({ batchMs: 60_000 });
  await queue.create(tasks(20));
  const expected = { creates: 20, batches: 1, created: 20, duplicates: 20 };
  assert.deepEqual(counts(await simulator.stats()), expected);
});

for (const [why, code] of [
  ['does not know them', status.UNIMPLEMENTED],
  ['has no such method', status.NOT_FOUND],
  ['may not be asked for them', status.PERMISSION_DENIED],
] as const)
  test(`without batches, where the service ${why}, tasks are created one by one from then on`, async (t) => {
    const { queue, simulator, logged } = await makeCloudTasks(t);
    await simulator.set({ refuseBatch: code });
    await queue.create(tasks(20));
    await queue.create(tasks(20, 20));
    const expected = { creates: 40, batches: 1, created: 40, duplicates: 0 };
    assert.deepEqual(counts(await simulator.stats()), expected);
    assert.equal(logged.length, 1);
    assert.match(logged[0]!, /batches are not used/);
  });

test('no more than 32 calls are under way, over all callers', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  await simulator.set({ createMs: 20 });
  const calls = Array.from({ length: 20 }, (_, i) => queue.create(tasks(10, 10 * i)));
  await Promise.all(calls);
  assert.equal((await simulator.stats()).created, 200);
  assert.ok((await simulator.stats()).mostConcurrentCalls <= 32);
});

test('as many as 32 calls are under way where none is answered', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  await simulator.set({ loseAnswers: { count: 100, how: 'hang' } });
  const calls = Array.from({ length: 5 }, (_, i) => queue.create(tasks(10, 10 * i)));
  const ended = Promise.allSettled(calls);
  await until(async () => (await simulator.stats()).mostConcurrentCalls === 32);
  await queue.close();
  await ended;
  assert.equal((await simulator.stats()).creates, 32);
});

for (const code of ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'INTERNAL', 'DEADLINE_EXCEEDED'] as const)
  test(`${code} is tried again, and is an error when it does not pass`, async (t) => {
    const { queue, simulator } = await makeCloudTasks(t, { random });
    await simulator.set({ failCreates: { count: 3, code: status[code] } });
    await queue.create([task('one')]);
    assert.equal((await simulator.stats()).creates, 4);

    await simulator.set({ failCreates: { count: 1000, code: status[code] } });
    const before = (await simulator.stats()).creates;
    await assert.rejects(queue.create([task('two')]), (error) => {
      assert.ok(error instanceof Unavailable);
      assert.match(error.message, /does not take tasks for .*volley-plan/);
      return true;
    });
    assert.equal((await simulator.stats()).creates, before + 6);

    await assert.rejects(queue.create(tasks(30)), Unavailable);
    assert.equal(
      (await simulator.stats()).batches,
      6,
      'a batch is not taken apart while nothing works',
    );
    await simulator.set({ failCreates: { count: 0, code: 0 } });
    await queue.create([task('two'), ...tasks(30)]);
    assert.equal((await simulator.stats()).created, 32);
  });

test('when one task fails for good, those that have not begun are left', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  await simulator.set({ refuseBatch: status.UNIMPLEMENTED, createMs: 20 });
  await simulator.set({ failCreates: { count: 1000, code: status.INVALID_ARGUMENT } });
  await assert.rejects(queue.create(tasks(100)), /INVALID_ARGUMENT/);
  const { creates } = await simulator.stats();
  assert.ok(creates <= 32 + 32, `${creates} calls`);
});

test('a queue that is missing and a right that is missing are named with what to do', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t, { prefix: 'other' });
  await assert.rejects(queue.create([task('one')]), /no queue .*other-plan\. Apply the Terraform/);
  await simulator.set({ failCreates: { count: 1, code: status.PERMISSION_DENIED } });
  await assert.rejects(
    queue.create([task('one')]),
    /roles\/cloudtasks\.enqueuer .*roles\/iam\.serviceAccountUser on volley-invoker@/,
  );
});

test('names are hashes, and a time beyond 30 days is cut to what Cloud Tasks takes', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  const day = 24 * 3600 * 1000;
  const soon = Date.now() + day + 0.5;
  await queue.create([
    task('plan/c/first', { at: soon }),
    task('far', { at: Date.now() + 60 * day }),
  ]);
  const client = await clientOf(t, simulator);
  const [listed] = await client.listTasks({ parent: queueName('plan') });
  const [first, far] = listed.toSorted((a, b) => ms(a.scheduleTime) - ms(b.scheduleTime));
  const hash = createHash('sha256').update('plan/c/first').digest('base64url');
  assert.equal(first!.name, `${queueName('plan')}/tasks/${hash}`);
  assert.equal(ms(first!.scheduleTime), Math.ceil(soon));
  assert.equal(Number(first!.dispatchDeadline!.seconds), 600);
  const ahead = (ms(far!.scheduleTime) - Date.now()) / day;
  assert.ok(ahead > 29.9 && ahead < 30, `${ahead} days`);
});

test('a task carries a token of the invoker for the function that serves its queue', async (t) => {
  const { queue, start, pass, requests, url } = await makeCloudTasks(t);
  start(async () => ({ kind: 'done' }));
  for (const [name, it] of Object.entries(servedBy)) {
    const path = it.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
    const audience = url + path;
    await queue.create([task('send/é/1', { queue: name as QueueName })]);
    while (requests.length === 0) await pass(5);
    const headers = requests.shift()!;
    assert.equal(headers['x-cloudtasks-queuename'], `volley-${name}`);
    assert.equal(headers['x-volley-task'], 'send/?/1');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['user-agent'], 'Google-Cloud-Tasks');
    const token = headers.authorization!.replace(/^Bearer /, '');
    const verify = (aud: string, certs = oidc.certs) =>
      new OAuth2Client().verifySignedJwtWithCertsAsync(token, certs, aud, [
        'https://accounts.google.com',
      ]);
    const payload = (await verify(audience)).getPayload()!;
    assert.equal(payload.email, invoker);
    assert.equal(payload.email_verified, true);
    await assert.rejects(verify(`${audience}/other`), /audience/);
    await assert.rejects(verify(audience, (await createOidc()).certs), /No pem found/);
  }
});

test('a closed queue takes nothing', async (t) => {
  const { queue } = await makeCloudTasks(t);
  await queue.close();
  await assert.rejects(queue.create([task('late')]), /closed/);
});

test('of a task that is looked up no body is read, and nothing is created', async (t) => {
  const { queue, simulator } = await makeCloudTasks(t);
  await queue.create([task('one', { at: Date.now() + 60_000 })]);
  assert.deepEqual(await queue.waiting([task('one'), task('two')]), [true, false]);
  const { gets, creates } = await simulator.stats();
  assert.deepEqual({ gets, creates }, { gets: 2, creates: 1 });
});

test('an account that may not look tasks up is told so once, and takes none for waiting', async (t) => {
  const { queue, simulator, logged } = await makeCloudTasks(t);
  await queue.create([task('one', { at: Date.now() + 60_000 })]);
  await simulator.set({ refuseGet: status.PERMISSION_DENIED });
  assert.deepEqual(await queue.waiting([task('one'), task('two')]), [false, false]);
  assert.deepEqual(await queue.waiting([task('one')]), [false]);
  assert.equal(logged.filter((it) => it.includes('not looked up')).length, 1);
  await simulator.set({ refuseGet: status.UNAUTHENTICATED });
  const { queue: other } = await makeCloudTasks(t, { emulatorHost: simulator.host });
  await assert.rejects(other.waiting([task('one')]), /Cloud Tasks/);
});
