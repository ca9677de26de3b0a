/** How fast a campaign is acknowledged by a server that is sending one. */

import { startWorld } from '../world/world.ts';
import { progress, request } from './campaign.ts';

export interface AckResult {
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
}

const CLIENTS = 50;
/** Without recipients, so that the acknowledgement is measured and not the sending. */
const small = { ...request, audience: { tags: ['nobody'], userIds: ['nobody'] } };

export async function ack({ recipients = 200_000, requests = 5_000 } = {}): Promise<AckResult> {
  const world = await startWorld({ installations: recipients, pinned: true, progress });
  const post = async (body: unknown) => {
    const response = await fetch(`${world.url()}/v1/campaigns`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${world.apiKey()}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.status !== 202) throw new Error(`answered ${response.status}`);
    return (await response.json()) as { id: string };
  };
  try {
    const sending = await post(request);
    const times: number[] = [];
    let left = requests;
    const started = performance.now();
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        while (left-- > 0) {
          const asked = performance.now();
          await post(small);
          times.push(performance.now() - asked);
        }
      }),
    );
    const seconds = (performance.now() - started) / 1000;
    const { state } = await world.client().get<{ state: string }>(`/v1/campaigns/${sending.id}`);
    if (state !== 'running') throw new Error(`the campaign was ${state} before the last ack`);
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round(times[Math.floor(times.length * share)]! * 10) / 10;
    return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: Math.round(requests / seconds) };
  } finally {
    await world.close();
  }
}
