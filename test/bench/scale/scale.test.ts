import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { SECONDS_A_MILLION } from '../../../functions/model/cost/estimate.ts';
import { providers } from '../../../functions/model/provider/registry.ts';
import { queueNames } from '../../../functions/model/queues.ts';
import { chance } from '../../http2/chance.ts';
import { simulate } from './campaign.ts';
import { type Deployed, readDeployed } from './deployed.ts';
import { changes } from './larger.ts';
import { createSimulatedQueue } from './queue.ts';
import { createService } from './service.ts';
import { createVirtualTime } from './time.ts';

const run = promisify(execFile);
const FCM_QUOTA = 600_000;
const deployed = await readDeployed(queueNames);
const million = { recipients: 1_000_000, hasPages: true, deployed };

const changed = (change: (it: Deployed) => void): Deployed => {
  const copy = structuredClone(deployed);
  change(copy);
  return copy;
};

test('virtual time wakes in the order of times, and of going to sleep', async () => {
  const time = createVirtualTime();
  const woken: string[] = [];
  const sleeper = async (name: string, ms: number) => {
    await time.sleep(ms);
    woken.push(`${name} ${time.now()}`);
  };
  await time.run(async () => {
    const sleeps = [30, 10, 20, 10].map((ms, i) => sleeper(`${i}`, ms));
    await Promise.all(sleeps);
  });
  assert.deepEqual(woken, ['1 10', '3 10', '2 20', '0 30']);
  await assert.rejects(
    time.run(() => new Promise(() => {})),
    /waits for what never comes/,
  );
});

test('a queue dispatches at its rate, and no more at a time than it may', async () => {
  const time = createVirtualTime();
  const queue = createSimulatedQueue(time, { perSecond: 10, concurrent: 3 });
  const starts: number[] = [];
  let running = 0;
  let most = 0;
  await time.run(async () => {
    const ended = Array.from({ length: 50 }, () => Promise.withResolvers<void>());
    await queue.create(
      ended.map(({ resolve }) => async () => {
        starts.push(time.now());
        running += 1;
        most = Math.max(most, running);
        await time.sleep(starts.length > 20 ? 1_000 : 10);
        running -= 1;
        resolve();
      }),
    );
    await Promise.all(ended.map(({ promise }) => promise));
  });
  // a burst of two, then ten a second; then three a second, since each takes a second and a dispatch
  assert.equal(starts[19]! - starts[1]!, 1_800);
  assert.equal(most, 3);
  assert.ok(starts[49]! - starts[22]! > 9_000);
});

test('a service starts as many instances as requests would fill, and is billed while they work', async () => {
  const time = createVirtualTime();
  const size = { concurrency: 4, instances: 3 };
  const service = createService({ time, chance: chance(1), size, warm: 0, make: (it) => it });
  const request = () => service.request(() => time.sleep(500));
  await time.run(async () => {
    await Promise.all([request(), request(), request(), request(), request()]);
    assert.equal(service.started, 2);
    await Promise.all(Array.from({ length: 100 }, request));
    assert.equal(service.started, 3);
    await time.sleep(60_000);
  });
  assert.ok(service.billedSeconds() < 20, `${service.billedSeconds()} s`);
});

test('the same campaign takes the same time; a campaign on instances that are there takes less', async () => {
  const it = { ...million, provider: 'apns', warm: 0 } as const;
  const cold = await simulate(it);
  assert.deepEqual(await simulate(it), cold);
  const warm = await simulate({ ...it, warm: 10 });
  assert.ok(warm.firstPushSeconds < cold.firstPushSeconds - 1);
  assert.ok(warm.seconds < cold.seconds);
});

test('no minute has more messages than the quota of FCM', async () => {
  const { mostInAMinute, seconds } = await simulate({ ...million, provider: 'fcm', warm: 10 });
  assert.ok(mostInAMinute <= FCM_QUOTA && mostInAMinute > 0.95 * FCM_QUOTA, `${mostInAMinute}`);
  assert.ok(seconds > 60);
});

test('where the rate of a queue binds, more instances change nothing', async () => {
  const more = changed(({ services }) => {
    services['send-fcm']!.instances *= 2;
  });
  const it = { ...million, provider: 'fcm', warm: 99 } as const;
  const [usual, doubled] = [await simulate(it), await simulate({ ...it, deployed: more })];
  assert.ok(Math.abs(usual.seconds - doubled.seconds) < 1);
  const faster = changed(({ queues }) => {
    queues['send-fcm'].perSecond *= 2;
  });
  assert.ok((await simulate({ ...it, deployed: faster })).seconds < 0.6 * usual.seconds);
});

test('what to change for larger campaigns gives each queue the slots that it needs', () => {
  for (const { goal, apply } of changes) {
    const { queues, services } = changed(apply);
    const slots = (name: string) => services[name]!.concurrency * services[name]!.instances;
    assert.ok(queues.plan.concurrent + queues.shard.concurrent <= slots('plan'), goal);
    const sending = queues['send-apns'].concurrent + queues['send-apns-now'].concurrent;
    assert.ok(sending <= slots('send-apns'), goal);
    for (const { perSecond } of Object.values(queues)) assert.ok(perSecond <= 500, goal);
  }
});

test('a larger campaign is sent in the time of its goal', async () => {
  for (const { goal, recipients, warmSeconds, apply } of changes) {
    // the simulation of a hundred million takes long under a test runner, which follows each promise
    if (recipients > 10_000_000) continue;
    const it = { recipients, provider: 'apns', hasPages: true, deployed: changed(apply) } as const;
    const { seconds } = await simulate({ ...it, warm: Number.POSITIVE_INFINITY });
    assert.ok(seconds <= warmSeconds, `${goal}: ${seconds} s`);
  }
});

test('instances are billed for the seconds that the estimate says', async () => {
  for (const provider of providers) {
    const { planSeconds, sendSeconds } = await simulate({ ...million, provider, warm: 0 });
    const off = (planSeconds + sendSeconds) / SECONDS_A_MILLION[provider];
    assert.ok(off > 0.85 && off < 1.1, `${provider}: ${planSeconds + sendSeconds} s`);
  }
});

test('the tables of durations in docs/operations.md are what the simulation prints', async () => {
  // in a process of its own: the test runner follows each promise, which makes millions of them slow
  const { stdout } = await run(process.execPath, ['test/bench/main.ts', 'scale']);
  const page = await readFile('docs/operations.md', 'utf8');
  assert.match(stdout, /^\| campaign \|[\s\S]*100 million by FCM[\s\S]*\n\n\| goal \|/);
  for (const table of stdout.trimEnd().split('\n\n'))
    assert.ok(page.includes(table), `npm run bench -- scale, and copy it:\n${stdout}`);
});
