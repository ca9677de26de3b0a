/** From nothing to the first push: import, test, campaign, each ticked off as it is done. */

import type { ComponentChildren } from 'preact';
import type { EstimateView } from '../../../http/campaigns/estimate.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { api } from '../../api/client.ts';
import { useReader } from '../../api/resource.ts';
import { count } from '../../format.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { FirstTest } from './first-test.tsx';
import { ImportDevices } from './import-devices.tsx';

const { begin } = texts.campaigns;

interface Props {
  /** tests, if any: with another campaign there is nothing to begin */
  campaigns: CampaignView[];
  onChange: () => void;
}

export function Begin({ campaigns, onChange }: Props) {
  const reach = useReader('devices', () =>
    api.post<EstimateView>('/v1/audiences:estimate?quick', { audience: { everybody: true } }),
  );
  const devices = reach.value.value?.installations ?? null;
  const isTested = campaigns.length > 0;
  const isImported = devices !== null && devices > 0;
  const why = whyNot('campaigns');
  return (
    <section class="begin" aria-labelledby="begin" aria-busy={devices === null}>
      <h2 id="begin">{begin.title}</h2>
      <p class="muted">{begin.lead}</p>
      <ol>
        <Step
          title={begin.devices}
          text={isImported ? begin.devicesDone(count(devices)) : begin.devicesMore}
          isDone={isImported}
          isNext={devices === 0}
        >
          {devices === 0 && <ImportDevices onDone={() => void reach.reload()} />}
        </Step>
        <Step
          title={begin.test}
          text={isTested ? begin.testDone : begin.testMore}
          isDone={isTested}
          isNext={isImported && !isTested}
        >
          {isImported && !isTested && <FirstTest onDone={onChange} />}
        </Step>
        <Step title={begin.first} text={begin.firstMore} isDone={false} isNext={isTested}>
          {why === null ? (
            <ButtonLink kind={isTested ? 'primary' : 'plain'} href="/console/compose">
              {begin.compose}
            </ButtonLink>
          ) : (
            <Button whyNot={why}>{begin.compose}</Button>
          )}
        </Step>
      </ol>
    </section>
  );
}

interface StepProps {
  title: string;
  text: string;
  isDone: boolean;
  isNext: boolean;
  children?: ComponentChildren;
}

const Step = ({ title, text, isDone, isNext, children }: StepProps) => (
  <li class={isDone ? 'done' : isNext ? 'next' : undefined}>
    <span class="step">{isDone && <Icon name="check" />}</span>
    <div>
      <h3>
        {title}
        {isDone && <span class="unseen"> ({begin.done})</span>}
      </h3>
      <p class="muted">{text}</p>
      {children}
    </div>
  </li>
);
