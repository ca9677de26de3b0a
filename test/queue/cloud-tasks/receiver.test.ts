import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskBody } from '../../../functions/model/tasks.ts';
import type { Delivery, TaskAnswer } from '../../../functions/ports/ports.ts';
import { receiveTask } from '../../../functions/queue/cloud-tasks/receiver.ts';

const plan: TaskBody = { kind: 'plan', campaignId: 'c' };
const from = (attempt: number | string) => ({
  'x-cloudtasks-taskname': 'hash',
  'x-cloudtasks-taskretrycount': String(attempt),
  'x-cloudtasks-taskexecutioncount': '0',
});

function make(answer: (it: Delivery) => TaskAnswer | Promise<TaskAnswer>) {
  const got: Delivery[] = [];
  const logged: string[] = [];
  const end = new AbortController();
  return {
    got,
    logged,
    end,
    receive: (headers: Record<string, string>, body: unknown) =>
      receiveTask(headers, body instanceof Buffer ? body : Buffer.from(JSON.stringify(body)), {
        async handler(delivery) {
          got.push(delivery);
          return answer(delivery);
        },
        maxAttempts: 3,
        signal: end.signal,
        log: {
          taskFailed: (it) => void logged.push(`${it.task} ${it.attempt}: ${it.error}`),
        },
      }),
  };
}

const done = (): TaskAnswer => ({ kind: 'done' });

test('a task that is done is answered with 204', async () => {
  const { receive, got } = make(done);
  assert.deepEqual(await receive(from(0), plan), { status: 204, headers: {} });
  assert.deepEqual(got[0]!.body, plan);
  assert.equal(got[0]!.attempt, 0);
  assert.equal(got[0]!.last, false);
});

test('every kind of task is let through as it is', async () => {
  const { receive, got } = make(done);
  const bodies: TaskBody[] = [
    plan,
    { kind: 'shard', campaignId: 'c', shard: 0 },
    { kind: 'send', chunkId: 'c.0.1.2', provider: 'fcm', size: 500 },
    { kind: 'redrive', campaignId: 'c', why: '' },
    { kind: 'wake', app: 'default', provider: 'apns' },
    { kind: 'erase', userId: 'ada', after: '*~c1', at: 7 },
    {
      kind: 'event',
      event: { id: 'e', type: 'campaign.completed', subject: 'c', app: null, at: 1.5, data: {} },
    },
  ];
  for (const body of bodies) await receive(from(0), body);
  assert.deepEqual(
    got.map((it) => it.body),
    bodies,
  );
});

test('the last attempt is known by the retries, not by the executions', async () => {
  const { receive, got } = make(done);
  for (const count of [1, 2, 3, 'x', '']) await receive(from(count), plan);
  await receive({}, plan);
  assert.deepEqual(
    got.map((it) => [it.attempt, it.last]),
    [
      [1, false],
      [2, true],
      [3, true],
      [0, false],
      [0, false],
      [0, false],
    ],
  );
});

test('"again" is a 503 that says when, in whole seconds and never too early', async () => {
  const answers = [0, 1, 999, 1000, 1001, 90_500, -5];
  const { receive } = make(({ attempt }) => ({
    kind: 'again',
    afterMs: answers[attempt]!,
    reason: '',
  }));
  const said = [];
  for (const i of answers.keys()) {
    const { status, headers } = await receive(from(i), plan);
    assert.equal(status, 503);
    said.push(headers['Retry-After']);
  }
  assert.deepEqual(said, ['0', '1', '1', '1', '2', '91', '0']);
});

test('a handler that throws, or answers nonsense, is logged and tried again', async () => {
  const { receive, logged } = make(({ attempt }) => {
    if (attempt === 0) throw new Error('no');
    return attempt === 1 ? { kind: 'again', afterMs: Number.NaN, reason: '' } : (null as never);
  });
  for (const i of [0, 1, 2]) assert.equal((await receive(from(i), plan)).status, 500);
  assert.equal(logged[0], 'hash 0: Error: no');
  assert.match(logged[1]!, /hash 1: RangeError: afterMs is not a number/);
  assert.equal(logged.length, 3);
});

test('the log has the name that a person can read, where it is known', async () => {
  const { receive, logged } = make(() => {
    throw new Error('no');
  });
  await receive({ ...from(1), 'x-volley-task': 'send/c.0.1/2' }, plan);
  await receive({}, plan);
  assert.deepEqual(logged, ['send/c.0.1/2 1: Error: no', 'without a name 0: Error: no']);
});

test('what can never succeed is logged and ended: nothing else would end it', async () => {
  const { receive, logged, got } = make(done);
  const bad = [
    Buffer.from(''),
    Buffer.from('{'),
    Buffer.from([0xff, 0x22]),
    Buffer.alloc(100_001, 0x20),
    null,
    [],
    'plan',
    {},
    { kind: 'other' },
    { kind: '__proto__' },
    { kind: 'plan' },
    { kind: 'plan', campaignId: '' },
    { kind: 'plan', campaignId: 5 },
    { kind: 'shard', campaignId: 'c', shard: -1 },
    { kind: 'shard', campaignId: 'c', shard: 0.5 },
    { kind: 'send', chunkId: 'c', provider: 'sms', size: 1 },
    { kind: 'redrive', campaignId: 'c' },
    { kind: 'event', event: { id: 'e', type: 'other', campaignId: 'c', at: 1 } },
  ];
  for (const body of bad)
    assert.deepEqual(await receive(from(0), body), { status: 204, headers: {} }, String(body));
  assert.equal(got.length, 0);
  assert.equal(logged.length, bad.length);
  assert.match(logged[3]!, /over 100 KB/);
  assert.match(logged[10]!, /the body is no task: .*campaignId/s);
});

test('a worker is told to stop when its process ends, and before the server stops listening', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { receive, got, end } = make(
    ({ signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'done' }))),
  );
  const first = receive(from(0), plan);
  t.mock.timers.tick(9 * 60_000);
  assert.equal(got[0]!.signal.aborted, false);
  t.mock.timers.tick(59_000);
  assert.equal(got[0]!.signal.aborted, true);
  assert.equal((await first).status, 204);

  const second = receive(from(0), plan);
  assert.equal(got[1]!.signal.aborted, false);
  end.abort();
  assert.equal((await second).status, 204);
});
