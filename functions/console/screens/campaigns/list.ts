/** Reads a page of campaigns by the filters in the address. */

import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { CampaignState } from '../../../model/campaign.ts';
import { type Answer, api, pathWith } from '../../api/client.ts';

export interface Filters {
  q?: string | undefined;
  app?: string | undefined;
  state?: string | undefined;
  /** left out: campaigns alone; `all`: messages and pushes of triggers too */
  kind?: string | undefined;
  /** the cursor of the page */
  after?: string | undefined;
}

export interface CampaignPage {
  items: CampaignView[];
  next: string | null;
}

const ROWS = 50;
/** Pages of the API that one page here is made of at most: a filter may leave pages empty. */
const MOST_PAGES = 40;

/** What a choice of the filter stands for, in the API's states. */
export const groups: Record<string, CampaignState[]> = {
  open: ['accepted', 'scheduled', 'running', 'paused', 'cancelling'],
  closed: ['completed', 'cancelled'],
};

export async function readCampaigns(
  { q, app, state, kind = 'campaign', after }: Filters,
  signal?: AbortSignal,
): Promise<Answer<CampaignPage>> {
  const items: CampaignView[] = [];
  let next = after;
  for (let pages = 0; ; pages++) {
    const states = state && (groups[state]?.join(',') ?? state);
    const path = pathWith('/v1/campaigns', {
      limit: ROWS - items.length,
      q,
      app,
      state: states,
      kind: kind === 'all' ? undefined : kind,
      after: next,
    });
    const answer = await api.get<CampaignPage>(path, { signal });
    if (!answer.ok) return answer;
    items.push(...answer.value.items);
    next = answer.value.next ?? undefined;
    if (next === undefined || items.length >= ROWS || pages >= MOST_PAGES)
      return { ok: true, value: { items, next: next ?? null } };
  }
}

/** ms until the list is read again: sooner while something is sent. */
export function againMs(page: CampaignPage | null): number {
  const isSending = page?.items.some(({ state }) =>
    ['accepted', 'running', 'cancelling'].includes(state),
  );
  return isSending ? 2_000 : 15_000;
}
