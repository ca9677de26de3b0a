/** When a campaign reaches which devices: its waves, or before it is planned those of an estimate. */

import type { EstimateView } from '../../../http/campaigns/estimate.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { api } from '../../api/client.ts';
import { useReader } from '../../api/resource.ts';
import { count, dayAndMinute } from '../../format.ts';
import { Strip } from '../../parts/strip/strip.tsx';
import { WaveTable } from '../../parts/strip/table.tsx';
import { estimatedWaves, isDrawn, isOneTime, type StripWave } from '../../parts/strip/wave.ts';
import { nowShown } from '../../parts/time.tsx';
import { texts } from '../../texts/texts.ts';

const words = texts.waves;

interface Props {
  campaign: CampaignView;
  /** before it is planned */
  estimated: EstimateView['waves'];
}

export function WavesPart({ campaign, estimated }: Props) {
  const { waves, schedule } = campaign;
  const shown = waves ? waves.map(waveOf) : estimatedWaves(estimated);
  const local = schedule?.local;
  if (shown.length === 0 || isOneTime(shown, local)) return null;
  return (
    <section class="card waves" aria-labelledby="waves">
      <h2 id="waves">{words.title}</h2>
      <p class="muted">{waves ? progressOf(shown) : words.estimated}</p>
      <Strip waves={shown} local={local} />
      <WaveTable waves={shown} />
    </section>
  );
}

/** Its waves until it is planned: how many are in them is known only as they begin. Null: they come. */
export function useEstimatedWaves({
  app,
  audience,
  message,
  schedule,
  state,
  waves,
}: CampaignView): EstimateView['waves'] | null {
  const isCounted = !('topic' in audience || 'condition' in audience || 'upload' in audience);
  const isAsked = isCounted && state === 'scheduled' && !waves && schedule !== undefined;
  const body = { app, audience, message, schedule };
  const found = useReader(isAsked ? JSON.stringify(body) : null, (signal) =>
    api.post<EstimateView>('/v1/audiences:estimate?quick', body, { signal }),
  );
  if (!isAsked || found.problem.value) return [];
  return found.value.value?.waves ?? null;
}

type WaveView = NonNullable<CampaignView['waves']>[number];

const waveOf = ({ at, of, zones, held, late, state, expected, counts }: WaveView): StripWave => ({
  at: Date.parse(at),
  of,
  zones,
  isHeld: held,
  isLate: late,
  many: state === 'waiting' ? (expected ?? null) : counts.recipients,
  isAbout: state === 'waiting' && expected !== undefined,
  counts,
  state,
});

/** `3 of 26 waves are done, the next begins Dec 24, 09:00.` */
function progressOf(all: StripWave[]): string {
  const waves = all.filter(isDrawn);
  const done = waves.filter((it) => it.state === 'done').length;
  const next = waves.find((it) => it.state === 'waiting');
  const cancelled = waves.filter((it) => it.state === 'cancelled').length;
  if (cancelled > 0) return words.cancelled(done, waves.length, cancelled);
  return words.progress(done, waves.length, next ? dayAndMinute(next.at) : null);
}

/** How many wait for the end of quiet hours, or did. */
export function Held({ campaign: { counts, closedAt } }: { campaign: CampaignView }) {
  const { held, heldUntil } = counts;
  if (!held || heldUntil === undefined) return null;
  const until = Date.parse(heldUntil);
  const isOver = closedAt !== null || until <= nowShown();
  return (
    <p class="muted">
      {isOver
        ? words.waited(count(held), dayAndMinute(until))
        : words.waiting(count(held), dayAndMinute(until))}
    </p>
  );
}
