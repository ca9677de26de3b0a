/** The estimate of a campaign in a sentence, and what is wrong with it. */

import type { EstimateView } from '../../../../http/campaigns/estimate.ts';
import { count, duration, money } from '../../../format.ts';
import { texts } from '../../../texts/texts.ts';

const words = texts.compose.sheet;

export function Estimate({ estimate }: { estimate: EstimateView | null }) {
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
