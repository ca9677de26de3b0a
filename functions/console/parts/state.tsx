import type { CampaignState } from '../../model/campaign.ts';
import { texts } from '../texts/texts.ts';

export const State = ({ state }: { state: CampaignState }) => (
  <span class={`state ${state}`}>{texts.campaigns.states[state]}</span>
);
