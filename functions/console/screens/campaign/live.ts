/** A campaign as it is sent: its latest counts, the samples of its rate, and the connection. */

import { type Signal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { api, type Problem } from '../../api/client.ts';
import { follow } from '../../api/follow.ts';
import { isFinal, pauseFor } from '../../api/resource.ts';
import { percent } from '../../format.ts';
import { announce } from '../../parts/live-region.tsx';
import { renewed } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { answeredIn, type Sample, withSample } from './samples.ts';

export interface Live {
  campaign: Signal<CampaignView | null>;
  samples: Signal<Sample[]>;
  /** why there is nothing to show */
  problem: Signal<Problem | null>;
  /** since when nothing comes, in ms since the epoch by our own clock; null: connected */
  lostSince: Signal<number | null>;
  /** when a push was last answered, by the clock of the samples */
  lastPushAt: Signal<number | null>;
  /** Takes a campaign that another call answered, so that the screen does not wait for the stream. */
  take(campaign: CampaignView): void;
}

/** ms until it is asked again, if no answer came. */
const AGAIN_MS = 1_000;

export function useLive(id: string, clock: () => number = () => performance.now()): Live {
  const live = useMemo(() => createLive(clock), [id]);
  useEffect(() => {
    const end = new AbortController();
    void run(id, live, end.signal);
    return () => end.abort();
  }, [id]);
  return live;
}

function createLive(clock: () => number): Live {
  const campaign = signal<CampaignView | null>(null);
  const samples = signal<Sample[]>([]);
  const lastPushAt = signal<number | null>(null);
  return {
    campaign,
    samples,
    lastPushAt,
    problem: signal(null),
    lostSince: signal(null),
    take(it) {
      const before = campaign.value;
      // the answer to a change has neither
      const { receipts = before?.receipts, waves = before?.waves } = it;
      campaign.value = { ...it, receipts, waves };
      if (it.firstPushAt === null) return;
      const at = clock();
      const answered = answeredIn(it.counts);
      if (before && answered > answeredIn(before.counts)) lastPushAt.value = at;
      samples.value = withSample(samples.value, { at, answered });
      say(before, it);
    },
  };
}

async function run(id: string, live: Live, end: AbortSignal) {
  const first = await firstOf(id, live, end);
  if (first === null || first.closedAt !== null) return;
  await follow(
    id,
    {
      onCampaign: live.take,
      onProblem(problem) {
        if (problem === null) live.lostSince.value = null;
        else lost(live);
      },
    },
    end,
  );
}

/** Asks until there is an answer; null: there is nothing to show, or it is the end. */
async function firstOf(id: string, live: Live, signal: AbortSignal): Promise<CampaignView | null> {
  const path = `/v1/campaigns/${encodeURIComponent(id)}`;
  while (!signal.aborted) {
    const answer = await api.get<CampaignView>(path, { signal });
    if (signal.aborted) break;
    if (answer.ok) {
      live.lostSince.value = null;
      live.take(answer.value);
      return answer.value;
    }
    if (isFinal(answer.problem)) {
      live.problem.value = answer.problem;
      return null;
    }
    lost(live);
    if (answer.problem.status === 401) await renewed(signal);
    else await pauseFor(answer.retryMs ?? AGAIN_MS, signal);
  }
  return null;
}

function lost(live: Live, now = Date.now()) {
  live.lostSince.value ??= now;
}

/** Tells people who do not see the bar: each change of state, and each tenth. */
function say(before: CampaignView | null, it: CampaignView) {
  const tenth = ({ counts }: CampaignView) =>
    Math.floor((10 * (counts.recipients - counts.pending)) / Math.max(1, counts.recipients));
  if (!before || (before.state === it.state && tenth(before) === tenth(it))) return;
  const { recipients, pending } = it.counts;
  announce(
    texts.campaign.said(
      percent(recipients - pending, recipients),
      texts.campaigns.states[it.state],
    ),
  );
}
