/** Figures beside the ledger: how fast, how long, what it costs. */

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ReportView } from '../../../http/campaigns/report-view.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { clockTime, count, dayOf, duration, money, rateOf, wallTime } from '../../format.ts';
import { texts } from '../../texts/texts.ts';
import type { Live } from './live.ts';
import { rateNow, secondsLeft } from './samples.ts';

const words = texts.campaign.now;
/** ms between two readings of the rate, which falls while nothing comes. */
const READ_MS = 1_000;

interface Props {
  campaign: CampaignView;
  live: Live;
  report: ReportView | null;
}

export function Now({ campaign, live, report }: Props) {
  const isMoving = ['running', 'cancelling'].includes(campaign.state);
  const rate = useRate(live, isMoving);
  const left = isMoving ? secondsLeft(campaign.counts.pending, rate) : null;
  const { perSecond = null, seconds = null } = report ?? {};
  return (
    <dl class="figures">
      <Figure name={words.rate} more={isMoving ? paceOf(campaign) : words.average}>
        {isMoving
          ? rate === null
            ? '–'
            : rateOf(rate)
          : perSecond === null
            ? '–'
            : rateOf(perSecond)}
      </Figure>
      {isMoving ? (
        <Left campaign={campaign} seconds={left} />
      ) : (
        <Figure name={words.duration}>{seconds === null ? '–' : duration(seconds)}</Figure>
      )}
      <Began campaign={campaign} />
      <Figure name={words.cost} more={words.costMore}>
        {report === null ? '–' : money(report.costUsd)}
      </Figure>
    </dl>
  );
}

/** Until a wave that waits has begun, it is not over. */
function Left({
  campaign: { waves = [] },
  seconds,
}: Pick<Props, 'campaign'> & { seconds: number | null }) {
  const last = waves.findLast((it) => it.state === 'waiting');
  if (last) return <At name={words.lastWave} at={last.at} />;
  return (
    <Figure name={words.eta}>{seconds === null ? words.etaUnknown : duration(seconds)}</Figure>
  );
}

function Began({ campaign: { schedule, firstPushAt, closedAt, state } }: Pick<Props, 'campaign'>) {
  if (closedAt === null && schedule?.local !== undefined) {
    const [day, clock] = wallTime(schedule.local);
    return (
      <Figure name={words.local} more={day}>
        {clock}
      </Figure>
    );
  }
  if (state === 'scheduled' && schedule?.at) return <At name={words.begins} at={schedule.at} />;
  if (closedAt !== null) return <At name={words.ended} at={closedAt} />;
  return <At name={words.begun} at={firstPushAt} />;
}

function At({ name, at }: { name: string; at: string | null }) {
  const ms = at === null ? null : Date.parse(at);
  return (
    <Figure name={name} more={ms === null ? undefined : dayOf(ms)}>
      {ms === null ? '–' : clockTime(ms)}
    </Figure>
  );
}

const paceOf = ({ rate }: CampaignView) => rate && words.pace(count(rate.perMinute));

const Figure = ({
  name,
  more,
  children,
}: {
  name: string;
  more?: string | undefined;
  children: ComponentChildren;
}) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
    {more && <dd class="more">{more}</dd>}
  </div>
);

function useRate(live: Live, isMoving: boolean): number | null {
  const [rate, setRate] = useState<number | null>(null);
  useEffect(() => {
    if (!isMoving) return setRate(null);
    const read = (now = performance.now()) => setRate(rateNow(live.samples.peek(), now));
    const timer = setInterval(read, READ_MS);
    return () => clearInterval(timer);
  }, [live, isMoving]);
  return rate;
}
