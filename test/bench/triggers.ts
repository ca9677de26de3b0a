/** Signed calls of an inbound webhook at a constant rate: time from when each is due to its answer. */

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { startWorld } from '../world/world.ts';

export interface TriggersResult {
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
}

const INSTALLATIONS = 20_000;
const SECRET = 'a secret of sixteen and more';
const DEADLINE_MS = 60_000;

export async function triggers({ rate = 200, seconds = 20 } = {}): Promise<TriggersResult> {
  const world = await startWorld({ installations: INSTALLATIONS, pinned: true });
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  let id = 0;

  async function ping(): Promise<void> {
    const event = { id: `event-${id}`, installation: `installation-${id % INSTALLATIONS}` };
    id += 1;
    const body = JSON.stringify({ event, padding: 'x'.repeat(4_000) });
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    const sent = request(`${world.url()}/v1/triggers/bench`, {
      agent,
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Hub-Signature-256': `sha256=${signature}` },
    }).end(body);
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
    if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
  }

  async function run(count: number) {
    const times: number[] = [];
    const begun = performance.now();
    const pings: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      const due = begun + (i * 1000) / rate;
      if (performance.now() < due) await wait(due - performance.now());
      pings.push(ping().then(() => void times.push(performance.now() - due)));
    }
    await Promise.all(pings);
    return { times: times.toSorted((a, b) => a - b), ms: performance.now() - begun };
  }

  try {
    await world.client().put('/v1/triggers/bench', {
      proof: { kind: 'github', secret: SECRET },
      audience: { installationIds: ['{{event.installation}}'] },
      message: { title: 'Hello', body: 'Of {{event.id}}' },
      idPath: 'event.id',
    });
    await run(2 * rate);
    const { times, ms } = await run(seconds * rate);
    // a call that was answered and never pushed would make the figures worth nothing
    const deadline = Date.now() + DEADLINE_MS;
    while ((await world.wire()).accepted < id) {
      if (Date.now() > deadline) throw new Error(`not all of ${id} pings became pushes`);
      await wait(100);
    }
    const at = (share: number) => Math.round(times[Math.ceil(times.length * share) - 1]! * 10) / 10;
    return {
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      perSecond: Math.round((times.length * 10_000) / ms) / 10,
    };
  } finally {
    agent.destroy();
    await world.close();
  }
}
