/**
 * How fast the embedded engine streams an audience with filters that no index answers. One process,
 * one thread: the whole registry is looked through for every filter.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUCKETS } from '../../functions/model/bucket.ts';
import { type Installation, installation } from '../../functions/model/installation.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { progress } from './campaign.ts';
import { type PlanningResult, planning } from './planning.ts';

export interface AudienceResult {
  installations: number;
  /** for the filter that takes longest */
  seconds: number;
  perSecond: number;
  /** of that filter */
  cpuSeconds: number;
  filter: string;
  matched: number;
}

type Results = AudienceResult & PlanningResult;

const BATCH = 5_000;
const PAGE = 2_000;
const ROUNDS = 3;
const NOW = Date.UTC(2026, 10, 21);
const DAY = 24 * 60 * 60_000;

const filters: Record<string, Audience> = {
  tags: { tags: { any: ['vip', 'beta'], none: ['news'] } },
  attributes: { attributes: { plan: { '=': 'pro' }, visits: { '>=': 50 } } },
  appVersion: { appVersion: '>=2.1.0 <4' },
  mixed: {
    or: [
      { tags: { all: ['vip'] }, attributes: { visits: { '>': 90 } } },
      { appVersion: '^3', country: ['CH', 'BR'] },
      { not: { lastSeen: { after: new Date(NOW - 300 * DAY).toISOString() } } },
    ],
  },
};

export async function audience({ installations }: { installations: number }): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), 'volley-bench-'));
  const store = createSqliteStore({ path: join(folder, 'store.db') });
  try {
    progress(`filling ${installations.toLocaleString('en-US')} installations`);
    for (let from = 0; from < installations; from += BATCH) {
      const size = Math.min(BATCH, installations - from);
      await store.putInstallations(Array.from({ length: size }, (_, i) => sample(from + i)));
    }
    const results: AudienceResult[] = [];
    for (const [filter, asked] of Object.entries(filters)) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(store, asked));
      const { seconds, cpuSeconds, matched } = rounds.sort((a, b) => a.seconds - b.seconds)[1]!;
      const perSecond = Math.round(installations / seconds);
      results.push({ installations, seconds, perSecond, cpuSeconds, filter, matched });
      progress(`${filter.padEnd(12)} ${perSecond.toLocaleString('en-US')}/s, ${matched} matched`);
    }
    const slowest = results.reduce((a, b) => (b.perSecond < a.perSecond ? b : a));
    progress('planning a campaign to all, with caps and without');
    return { ...slowest, ...(await planning(store)) };
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

async function measure(store: Store, asked: Audience) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  let matched = 0;
  const range = { from: 0, to: BUCKETS };
  for await (const page of store.streamAudience({
    app: 'default',
    audience: asked,
    range,
    after: null,
    size: PAGE,
  }))
    matched += page.installations.length;
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const round = (it: number) => Math.round(it * 1000) / 1000;
  return { seconds: round(seconds), cpuSeconds: round((user + system) / 1e6), matched };
}

/** The same ones every time, with about as much on each as apps keep. */
function sample(i: number): Installation {
  const ios = i % 2 === 0;
  return installation(
    `installation-${i}`,
    {
      app: 'default',
      environment: 'production',
      platform: ios ? 'ios' : 'android',
      token: sampleToken(ios ? 'apns' : 'fcm', i),
      language: i % 3 ? 'en' : 'pt-BR',
      country: ['CH', 'BR', 'US', 'JP'][i % 4]!,
      appVersion: `${1 + (i % 4)}.${i % 10}.0`,
      tags: ['news', 'vip', 'beta', 'sport', 'weather'].filter((_, n) => (i >> n) % 3 === 0),
      attributes: { plan: i % 5 ? 'free' : 'pro', visits: i % 100, name: `Person ${i}` },
    },
    NOW - (i % 400) * DAY,
  );
}
