/** canary: how many devices the canary of an estimated campaign has, and when the last of them are sent to. */

import type { CampaignRequest } from '../../model/campaign.ts';
import { FEW } from '../canary.ts';
import type { EstimatedWave } from './waves.ts';

export interface EstimatedCanary {
  installations: number;
  /** the waves in which it is; 0: the campaign has none */
  waves: number;
  /** when the last of these begins, in ms since the epoch; null: it has none */
  until: number | null;
}

/** Null: it has no canary. As `cutWaves` cuts it. */
export function estimatedCanary(
  { canary }: Pick<CampaignRequest, 'canary'>,
  installations: number,
  waves: readonly EstimatedWave[],
): EstimatedCanary | null {
  if (!canary) return null;
  const sent = waves.filter((it) => !it.isLate);
  const all =
    waves.length > 0 ? sent.reduce((sum, it) => sum + it.installations, 0) : installations;
  const wanted = Math.min(all, Math.max(1, Math.round((all * canary.percent) / 100)));
  let reached = 0;
  const last = sent.findIndex((it) => {
    reached += it.installations;
    return reached >= wanted;
  });
  return { installations: wanted, waves: last + 1, until: sent[last]?.at ?? null };
}

/** What its author should know of it; null: nothing. */
export const canaryWarning = (it: EstimatedCanary | null) =>
  it === null || it.installations >= FEW
    ? null
    : {
        kind: 'small-canary' as const,
        message: 'the canary has so few devices that it says little: give a larger percent',
        installations: it.installations,
      };
