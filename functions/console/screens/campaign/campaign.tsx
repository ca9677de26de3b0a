/** One campaign: live while it is open, its report once it is closed. */

import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import type { ReportView } from '../../../http/campaigns/report-view.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { Problem } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { clockTime, count } from '../../format.ts';
import { LedgerBar, LedgerFigures, withExpected } from '../../parts/bar.tsx';
import { ButtonLink } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icon.tsx';
import { State } from '../../parts/state.tsx';
import { useTitle } from '../../parts/title.ts';
import { texts } from '../../texts/texts.ts';
import { About } from './about.tsx';
import { Controls } from './controls.tsx';
import { Failures } from './failures.tsx';
import { Graph } from './graph.tsx';
import { History } from './history.tsx';
import { type Live, useLive } from './live.ts';
import { Now } from './now.tsx';
import { ReceiptsPart } from './receipts.tsx';
import { Held, useEstimatedWaves, WavesPart } from './waves.tsx';
import { ledgerText } from './words.ts';

export default function Campaign() {
  const { id = '' } = useRoute().params;
  const live = useLive(id);
  const campaign = live.campaign.value;
  useTitle(campaign?.name ?? texts.campaigns.title);
  if (live.problem.value)
    return (
      <Empty title={titleOf(live.problem.value)} text={live.problem.value.detail}>
        <ButtonLink href="/console/">{texts.shell.toCampaigns}</ButtonLink>
      </Empty>
    );
  return (
    <div class="campaign" aria-busy={campaign === null}>
      <a class="back" href="/console/">
        <Icon name="back" /> {texts.campaign.back}
      </a>
      {campaign ? (
        <Shown campaign={campaign} live={live} />
      ) : (
        <>
          <header class="head">
            <h1>{texts.campaign.one}</h1>
          </header>
          <Lost live={live} />
          {live.lostSince.value === null && <p class="muted">{texts.shell.loading}…</p>}
        </>
      )}
    </div>
  );
}

const titleOf = ({ status, title }: Problem) => (status === 404 ? texts.campaign.notFound : title);

/** ms between two reports of a campaign that is being sent. */
const REPORT_MS = 5_000;

function Shown({ campaign, live }: { campaign: CampaignView; live: Live }) {
  const { id, closedAt } = campaign;
  const isClosed = closedAt !== null;
  const path = `/v1/campaigns/${encodeURIComponent(id)}/report`;
  const report = useResource<ReportView>(path, {
    everyMs: (it) => (it?.campaign.closedAt ? null : REPORT_MS),
  });
  // the last report may be some seconds older than the end
  useEffect(() => void (isClosed && report.reload()), [isClosed]);
  const shown = report.value.value;
  const estimated = useEstimatedWaves(campaign);
  return (
    <>
      <header class="head">
        <h1>
          <bdi>{campaign.name}</bdi>
        </h1>
        <State state={campaign.state} />
        {campaign.test && <span class="tag">{texts.campaigns.test}</span>}
        {campaign.dryRun && <span class="tag">{texts.campaigns.dryRun}</span>}
        <Controls campaign={campaign} live={live} report={shown} />
      </header>
      <Lost live={live} />
      {campaign.state === 'paused' && campaign.reason && (
        <div class="note warn">
          <h2>{texts.campaign.control.why}</h2>
          <p>
            <bdi>{campaign.reason}</bdi>
          </p>
        </div>
      )}
      <section class="card" aria-label={texts.campaign.ledger.title}>
        <LedgerBar counts={withExpected(campaign)} />
        <p class="muted">{ledgerText(campaign, shown)}</p>
        <LedgerFigures counts={withExpected(campaign)} />
        <Held campaign={campaign} />
        <Canary report={shown} />
      </section>
      <Now campaign={campaign} live={live} report={shown} />
      <WavesPart campaign={campaign} estimated={estimated ?? []} />
      <Graph live={live} isOpen={!isClosed && campaign.state !== 'scheduled'} />
      {/* in this order, so that nothing moves when it comes */}
      {shown && estimated && (
        <>
          <ReceiptsPart campaign={campaign} before={shown.campaign.receipts} />
          <Failures campaign={campaign} report={shown} />
          <About campaign={campaign} />
          <History campaign={campaign} />
        </>
      )}
    </>
  );
}

function Canary({ report }: { report: ReportView | null }) {
  if (!report?.canary) return null;
  const { accepted, recipients, state, small } = report.canary;
  const { ledger } = texts.campaign;
  return (
    <p class="muted">
      {ledger.canary(count(accepted), count(recipients))}; {ledger.canaryStates[state]}
      {small && ` ${ledger.small}`}
    </p>
  );
}

function Lost({ live }: { live: Live }) {
  const since = live.lostSince.value;
  if (since === null) return null;
  return (
    <div class="note bad" role="alert">
      <p>{texts.campaign.lost(clockTime(since))}</p>
    </div>
  );
}
