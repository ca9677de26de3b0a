/**
 * Single pushes, each from its request to the moment a provider took it: one a second, then a
 * thousand a second, on the same server and with the same settings.
 */

import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Arrival } from '../../functions/simulators/simulator.ts';
import { sample } from '../world/sample.ts';
import { startWorld } from '../world/world.ts';

interface Figures {
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
  /** of the one process that answers, sends and records; a machine that is busy changes it little */
  cpuMsPerPush: number;
}
export interface MessagesResult {
  slow: Figures;
  busy: Figures;
}

const INSTALLATIONS = 20_000;
const WARM_UP = 2_000;
/** Most concurrent requests. Later ones wait, and the wait is part of their time. */
const SOCKETS = 128;
const DEADLINE_MS = 60_000;

export async function messages({ slow = 20, busy = 10_000, rate = 1_000 } = {}) {
  const world = await startWorld({ installations: INSTALLATIONS, pinned: true });
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  let next = 0;

  async function post(i: number): Promise<void> {
    const body = JSON.stringify({
      installationIds: [`installation-${i % INSTALLATIONS}`],
      message: { title: 'Hello', body: 'Something happened.' },
    });
    const sent = httpRequest(`${world.url()}/v1/messages`, {
      agent,
      method: 'POST',
      headers: { Authorization: `Bearer ${world.apiKey()}`, 'Content-Type': 'application/json' },
    }).end(body);
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 202) throw new Error(`answered ${response.statusCode}`);
  }

  /** So many, evenly at this rate; each measured from the moment it was due. */
  async function run(count: number, perSecond: number): Promise<Figures> {
    await world.reset();
    const first = next;
    next += count;
    const dueAt = new Map<string, number>();
    const cpuBefore = (await world.memory()).cpuSeconds;
    const begun = Date.now();
    const posts: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      const due = begun + (i * 1000) / perSecond;
      if (Date.now() < due) await wait(due - Date.now());
      dueAt.set(sample((first + i) % INSTALLATIONS).token, due);
      posts.push(post(first + i));
    }
    await Promise.all(posts);
    const arrived = await arrivals(count);
    const cpuSeconds = (await world.memory()).cpuSeconds - cpuBefore;
    const times = arrived.map(({ token, at }) => at - dueAt.get(token)!).toSorted((a, b) => a - b);
    const lastAt = Math.max(...arrived.map(({ at }) => at));
    const at = (share: number) => Math.round(times[Math.ceil(times.length * share) - 1]! * 10) / 10;
    return {
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      perSecond:
        Math.round((10_000 * count) / Math.max(lastAt - begun, (count * 1000) / perSecond)) / 10,
      cpuMsPerPush: Math.round((1e6 * cpuSeconds) / count) / 1000,
    };
  }

  /** When each provider took what, once they have all of it. */
  async function arrivals(count: number): Promise<Arrival[]> {
    const deadline = Date.now() + DEADLINE_MS;
    while ((await world.wire()).accepted < count) {
      if (Date.now() > deadline)
        throw new Error(`${(await world.wire()).accepted} of ${count} arrived`);
      await wait(50);
    }
    const { apns, fcm } = world.simulated;
    const taken = await Promise.all([apns.arrivals(), fcm.arrivals()]);
    return taken.flat();
  }

  try {
    await run(WARM_UP, 500);
    return { slow: await run(slow, 1), busy: await run(busy, rate) };
  } finally {
    agent.destroy();
    await world.close();
  }
}
