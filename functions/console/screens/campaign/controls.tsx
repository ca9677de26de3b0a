/** What can be done with a campaign, always in reach. */

import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { ReportView } from '../../../http/campaigns/report-view.ts';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { ofWrite } from '../../api/action.ts';
import { api, type Problem } from '../../api/client.ts';
import { count, duration } from '../../format.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { announce } from '../../parts/live-region.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { Download } from './download.tsx';
import type { Live } from './live.ts';
import { Move } from './move.tsx';

const { control } = texts.campaign;
/** ms after which no push may leave any more: the API's promise about a pause. */
const PAUSE_MS = 2_000;

interface Props {
  campaign: CampaignView;
  live: Live;
  report: ReportView | null;
}

export function Controls({ campaign, live, report }: Props) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [isMoving, setMoving] = useState(false);
  const [askedAt, setAskedAt] = useState<number | null>(null);
  const said = useSaid(live, campaign, askedAt);
  const why = whyNot('campaigns');
  const { state } = campaign;
  const isOpen = campaign.closedAt === null;

  async function run(verb: 'pause' | 'resume' | 'cancel', now = performance.now()) {
    setBusy(verb);
    setAskedAt(verb === 'pause' ? now : null);
    const path = `/v1/campaigns/${encodeURIComponent(campaign.id)}/${verb}`;
    const answer = await api.post<CampaignView>(path);
    setBusy(null);
    setAsking(false);
    setProblem(answer.ok ? null : ofWrite(answer.problem));
    if (answer.ok) live.take(answer.value);
  }

  return (
    <>
      <div class="row controls">
        {(state === 'running' || state === 'accepted') && (
          <Button whyNot={why} busy={busy === 'pause'} onClick={() => void run('pause')}>
            {busy === 'pause' ? control.pausing : control.pause}
          </Button>
        )}
        {state === 'paused' && (
          <Button
            kind="primary"
            whyNot={why}
            busy={busy === 'resume'}
            onClick={() => void run('resume')}
          >
            {busy === 'resume' ? control.resuming : control.resume}
          </Button>
        )}
        {state === 'scheduled' && (
          <Button whyNot={why} onClick={() => setMoving(true)}>
            {control.move}
          </Button>
        )}
        {isOpen && state !== 'cancelling' && (
          <Button kind="danger" whyNot={why} onClick={() => setAsking(true)}>
            {control.cancel}
          </Button>
        )}
        {!isOpen && <Ended campaign={campaign} report={report} onProblem={setProblem} />}
      </div>
      {said && (
        <p class="note said" role="status">
          {said}
        </p>
      )}
      {problem && (
        <div class="wide-note">
          <ProblemNote problem={problem} />
        </div>
      )}
      {isMoving && (
        <Move
          campaign={campaign}
          onMoved={(it) => {
            setMoving(false);
            live.take(it);
          }}
          onClose={() => setMoving(false)}
        />
      )}
      {isAsking && (
        <Dialog title={control.cancelTitle} onClose={() => setAsking(false)}>
          <p>
            {campaign.counts.recipients > 0
              ? control.cancelMore(count(campaign.counts.pending))
              : control.cancelUnbegun}
          </p>
          <div class="actions">
            <Button onClick={() => setAsking(false)}>{control.cancelNot}</Button>
            <Button kind="danger" busy={busy === 'cancel'} onClick={() => void run('cancel')}>
              {control.cancelDo}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** What a pause has done: known once the API's two seconds are over. */
function useSaid({ lastPushAt }: Live, { state }: CampaignView, askedAt: number | null) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    setSaid(null);
    if (askedAt === null || state !== 'paused') return;
    const timer = setTimeout(() => {
      const last = lastPushAt.value;
      const text =
        last === null || last < askedAt
          ? control.pausedAtOnce
          : control.paused(duration((last - askedAt) / 1000));
      setSaid(text);
      announce(text);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [askedAt, state]);
  return said;
}

/** What can be done at the end. */
function Ended({
  campaign,
  report,
  onProblem,
}: {
  campaign: CampaignView;
  report: ReportView | null;
  onProblem: (problem: Problem | null) => void;
}) {
  const { route } = useLocation();
  const [busy, setBusy] = useState(false);
  const why = whyNot('campaigns');
  const path = `/v1/campaigns/${encodeURIComponent(campaign.id)}`;

  async function retry() {
    setBusy(true);
    const answer = await api.post<CampaignView>(`${path}/retry-failures`);
    setBusy(false);
    onProblem(answer.ok ? null : ofWrite(answer.problem));
    if (answer.ok) route(`/console/campaigns/${encodeURIComponent(answer.value.id)}`);
  }

  const hasFailed = (report?.campaign ?? campaign).counts.failed > 0;
  return (
    <>
      {hasFailed && (
        <Download path={`${path}/failures`} type="text/csv" name={`failures-${campaign.id}.csv`}>
          {control.csv}
        </Download>
      )}
      {hasFailed && (
        <Button whyNot={why} busy={busy} onClick={() => void retry()}>
          {control.retry}
        </Button>
      )}
      {why === null ? (
        <ButtonLink href={`/console/compose?from=${encodeURIComponent(campaign.id)}`}>
          {control.copy}
        </ButtonLink>
      ) : (
        <Button whyNot={why}>{control.copy}</Button>
      )}
    </>
  );
}
