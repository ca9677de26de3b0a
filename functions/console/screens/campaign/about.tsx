/** What was sent, and to which audience. */

import type { EstimateView } from '../../../http/campaigns/estimate.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { api } from '../../api/client.ts';
import { useReader } from '../../api/resource.ts';
import { count } from '../../format.ts';
import { AudienceWords, CampaignLink } from '../../parts/audience.tsx';
import { texts } from '../../texts/texts.ts';

const words = texts.campaign.about;

export function About({ campaign }: { campaign: CampaignView }) {
  const { message, retryOf, scheduleId } = campaign;
  return (
    <section aria-labelledby="about">
      <h2 id="about">{words.title}</h2>
      <dl class="particulars card">
        <dt>{words.message}</dt>
        <dd>
          <strong>
            <bdi>{message.title ?? ''}</bdi>
          </strong>{' '}
          <bdi>{message.body ?? ''}</bdi>
        </dd>
        <dt>{words.audience}</dt>
        <dd>
          {retryOf && (
            <p>
              {words.failuresOf} <CampaignLink id={retryOf} />, {words.failuresOfMore}
            </p>
          )}
          <AudienceWords audience={campaign.audience} />
        </dd>
        <Languages campaign={campaign} />
        <dt>{words.app}</dt>
        <dd>
          <bdi>{campaign.app}</bdi>
        </dd>
        {scheduleId && (
          <>
            <dt>{words.schedule}</dt>
            <dd>
              <a href={`/console/schedules/${encodeURIComponent(scheduleId)}`}>{scheduleId}</a>
            </dd>
          </>
        )}
        <dt>{words.id}</dt>
        <dd>
          <code>{campaign.id}</code>
        </dd>
      </dl>
    </section>
  );
}

/** Languages that are named; the rest is a sum. */
const NAMED = 8;

/** Of the audience as it is now: no count of a campaign is kept by language. */
function Languages({ campaign: { app, audience } }: { campaign: CampaignView }) {
  const isCounted = !('topic' in audience || 'condition' in audience || 'upload' in audience);
  const found = useReader(isCounted ? JSON.stringify(audience) : null, (signal) =>
    api.post<EstimateView>('/v1/audiences:estimate?quick', { app, audience }, { signal }),
  );
  const languages = Object.entries(found.value.value?.languages ?? {});
  if (!isCounted) return null;
  const shown = languages.sort(([, a], [, b]) => b - a).slice(0, NAMED);
  return (
    <>
      <dt>{words.languages}</dt>
      <dd>
        {shown.map(([name, of]) => `${name || words.noLanguage} ${count(of)}`).join(', ') ||
          (found.value.value ? '–' : '…')}
        {languages.length > NAMED && ', …'} <span class="muted">({words.languagesMore})</span>
      </dd>
    </>
  );
}
