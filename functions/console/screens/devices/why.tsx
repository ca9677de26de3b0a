/** Why a device did, or did not, get a campaign, in the API's own sentences. */

import { useState } from 'preact/hooks';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { WhyView } from '../../../http/campaigns/why-view.ts';
import { pathWith } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { useResource } from '../../api/resource.ts';
import { dateTime } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Section } from '../../parts/section.tsx';
import { texts } from '../../texts/texts.ts';

export const tones = {
  accepted: 'good',
  failed: 'bad',
  skipped: 'none',
  waiting: 'warn',
  'in-doubt': 'warn',
  'not-planned': 'warn',
  'not-in-audience': 'none',
  'not-tracked': 'none',
  unknown: 'none',
} as const satisfies Record<WhyView['state'], string>;

/** Asks about any campaign of the app, so that one that the device did not get is explained too. */
export function Ask({ app, id }: { app: string; id: string }) {
  const { devices } = texts;
  const campaigns = useList<CampaignView>(pathWith('/v1/campaigns', { app, kind: 'campaign' }), {
    limit: 50,
  });
  const [chosen, setChosen] = useState<string | null>(null);
  const [asked, setAsked] = useState<string | null>(null);
  const items = campaigns.items ?? [];
  const campaign = chosen ?? items[0]?.id;
  if (campaign === undefined) return null;
  const send = (event: Event) => {
    event.preventDefault();
    setAsked(campaign);
  };
  return (
    <Section title={devices.why} text={devices.whyMore}>
      <form class="asking" onSubmit={send}>
        <Field label={devices.campaign} hideLabel>
          {(ids) => (
            <select
              {...ids}
              value={campaign}
              onChange={(event) => setChosen(event.currentTarget.value)}
            >
              {items.map((it) => (
                <option key={it.id} value={it.id}>
                  {it.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Button type="submit">{devices.ask}</Button>
      </form>
      {asked !== null && (
        <div class="card answer" role="status">
          <Why key={asked} campaign={asked} id={id} hasState />
        </div>
      )}
    </Section>
  );
}

interface Props {
  campaign: string;
  id: string;
  /** false: the place shows the state already */
  hasState?: boolean;
}

export function Why({ campaign, id, hasState = false }: Props) {
  const path = `/v1/campaigns/${encodeURIComponent(campaign)}/recipients/${encodeURIComponent(id)}`;
  const { value, problem } = useResource<WhyView>(path);
  return (
    <div class="inside">
      <Loaded value={value.value} problem={problem.value}>
        {(it) => (
          <>
            {hasState && <Mark tone={tones[it.state]}>{texts.devices.states[it.state]}</Mark>}
            <p>{it.summary}</p>
            {it.next && <p class="note">{it.next}</p>}
            {it.hints.map(({ kind, text }) => (
              <p key={kind} class="note warn">
                {text}
              </p>
            ))}
            <Unmet it={it} />
            <Timeline it={it} />
            <p>
              <a href={`/console/campaigns/${encodeURIComponent(campaign)}`}>
                {texts.devices.toCampaign}
              </a>
            </p>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Unmet({ it }: { it: WhyView }) {
  const { unmet, now, nothing } = texts.devices;
  const conditions = it.absence?.unmet ?? [];
  if (conditions.length === 0) return null;
  return (
    <>
      <h3>{unmet}</h3>
      <ul>
        {conditions.map(({ path, condition, value }) => (
          <li key={path + condition}>
            <code>{condition}</code>{' '}
            <bdi class="muted">
              {now(value === null ? nothing : Array.isArray(value) ? value.join(', ') : `${value}`)}
            </bdi>
          </li>
        ))}
      </ul>
    </>
  );
}

const Timeline = ({ it }: { it: WhyView }) => (
  <>
    <h3>{texts.devices.timeline}</h3>
    <ol class="timeline">
      {it.timeline.map(({ at, kind, text }) => (
        <li key={kind + at + text} class={kind}>
          {at === null ? <span /> : <time dateTime={at}>{dateTime(Date.parse(at))}</time>}
          <span>{text}</span>
        </li>
      ))}
    </ol>
  </>
);
