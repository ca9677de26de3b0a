/**
 * What open consoles cost the server while a campaign is sent: its CPU time for a campaign that 20 consoles
 * follow, less that for one that none follows. A console is played by its requests: the event stream, and
 * the report as often as the screen asks for it. Campaigns of both kinds take turns, so that what else the
 * machine does falls on both.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startWorld, type World } from '../world/world.ts';
import { progress, request } from './campaign.ts';

export interface FollowersResult {
  /** of the CPU time of the server while it sends, in percent: the median of the pairs */
  consolesCpuShare: number;
  /** CPU seconds for a campaign, without and with consoles: medians */
  aloneCpuS: number;
  followedCpuS: number;
}

const CONSOLES = 20;
const PAIRS = 3;
/** As functions/console/screens/campaign/campaign.tsx asks. */
const REPORT_MS = 5_000;

export async function benchFollowers({ recipients = 200_000 } = {}): Promise<FollowersResult> {
  const world = await startWorld({ installations: recipients, pinned: true, progress });
  try {
    // the first campaign reads each device, later ones read pages
    await cpuOf(world, 0);
    const pairs: [alone: number, followed: number][] = [];
    for (let i = 0; i < PAIRS; i++)
      pairs.push([await cpuOf(world, 0), await cpuOf(world, CONSOLES)]);
    const share = median(pairs.map(([alone, followed]) => (100 * (followed - alone)) / followed));
    return {
      consolesCpuShare: Math.round(share * 10) / 10,
      aloneCpuS: seconds(median(pairs.map(([alone]) => alone))),
      followedCpuS: seconds(median(pairs.map(([, followed]) => followed))),
    };
  } finally {
    await world.close();
  }
}

/** The server's CPU seconds from the acknowledgement of a campaign to its end. */
async function cpuOf(world: World, consoles: number): Promise<number> {
  const { cpuSeconds: before } = await world.memory();
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', request);
  const end = new AbortController();
  const open = Array.from({ length: consoles }, () => openConsole(world, id, end.signal));
  await closed(world, id);
  const { cpuSeconds } = await world.memory();
  end.abort();
  const seen = await Promise.all(open);
  if (seen.some((it) => it === 0)) throw new Error('a console was told nothing');
  return cpuSeconds - before;
}

async function closed(world: World, id: string) {
  for (;;) {
    const { state } = await world.client().get<CampaignView>(`/v1/campaigns/${id}`);
    if (state === 'completed') return;
    if (state !== 'running' && state !== 'scheduled') throw new Error(`the campaign is ${state}`);
    await wait(500);
  }
}

/** Gives the bytes that the stream brought. */
async function openConsole(world: World, id: string, end: AbortSignal): Promise<number> {
  const path = `${world.url()}/v1/campaigns/${id}`;
  const headers = { Authorization: `Bearer ${world.apiKey()}` };
  let bytes = 0;
  const follow = async () => {
    const accept = { ...headers, Accept: 'text/event-stream' };
    const { body } = await fetch(`${path}/events`, { headers: accept, signal: end });
    for await (const chunk of body!) bytes += chunk.byteLength;
  };
  const report = async () => {
    while (!end.aborted) {
      await (await fetch(`${path}/report`, { headers, signal: end })).arrayBuffer();
      await wait(REPORT_MS, null, { signal: end });
    }
  };
  // ended by us, in the middle of a wait or an answer
  await Promise.allSettled([follow(), report()]);
  return bytes;
}

const median = (them: number[]) => them.sort((a, b) => a - b)[Math.floor(them.length / 2)]!;
const seconds = (it: number) => Math.round(it * 100) / 100;
