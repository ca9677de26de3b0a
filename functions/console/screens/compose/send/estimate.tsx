/** The estimate of a campaign in a sentence, and what is wrong with it. */

import type { EstimateView } from '../../../../http/campaigns/estimate.ts';
import { count, dayAndMinute, duration, money } from '../../../format.ts';
import { Strip } from '../../../parts/strip/strip.tsx';
import { WaveTable } from '../../../parts/strip/table.tsx';
import { estimatedWaves, isOneTime } from '../../../parts/strip/wave.ts';
import { texts } from '../../../texts/texts.ts';

const words = texts.compose.sheet;

interface Props {
  estimate: EstimateView | null;
  /** the local time of the campaign, such as `2030-12-24T09:00` */
  local: string | undefined;
}

export function Estimate({ estimate, local }: Props) {
  if (estimate === null)
    return (
      <p class="headline" role="status">
        {words.counting}
      </p>
    );
  const { installations, languages, seconds, exact, visible, costUsd, problems } = estimate;
  const parts = [
    words.people(installations, exact),
    words.languages(Object.keys(languages).length),
    installations > 0 && words.takes(duration(seconds)),
    costUsd > 0 && money(costUsd),
  ].filter((it) => it !== false);
  return (
    <>
      <p class="headline" role="status">
        {parts.join(', ')}
      </p>
      {visible < installations && (
        <p class="muted">{words.unseen(count(installations - visible))}</p>
      )}
      {estimate.canary && <p class="muted">{canaryText(estimate.canary)}</p>}
      <Waves estimate={estimate} local={local} />
      {problems.length > 0 && (
        <ul class="problems">
          {problems.map(({ severity, kind, message, installations: many, examples }) => (
            <li key={kind + message} class={severity}>
              <strong>{words.severities[severity]}</strong> <bdi>{message}</bdi>
              {many > 0 && <span class="muted"> · {words.devices(many)}</span>}
              {examples.length > 0 && (
                <small class="muted">
                  {words.suchAs} <bdi>{examples.slice(0, 3).join(', ')}</bdi>
                </small>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const canaryText = ({ installations, waves, until }: NonNullable<EstimateView['canary']>) =>
  until === null
    ? words.canary(installations)
    : words.canaryInWaves(installations, waves, dayAndMinute(Date.parse(until)));

/** When they are sent to, unless it is all together. */
function Waves({ estimate: { waves, held }, local }: Props & { estimate: EstimateView }) {
  const shown = estimatedWaves(waves);
  if (shown.length === 0 || isOneTime(shown, local)) return null;
  return (
    <>
      {held && (
        <p class="muted">
          {texts.waves.waiting(count(held.installations), dayAndMinute(Date.parse(held.until)))}
        </p>
      )}
      <Strip waves={shown} local={local} />
      <WaveTable waves={shown} />
    </>
  );
}
