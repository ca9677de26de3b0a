/** One schedule: when it runs, what it sends, and its controls. */

import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso/router';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { ScheduleView } from '../../../http/schedules/view.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { wallTime } from '../../format.ts';
import { AudienceWords } from '../../parts/audience.tsx';
import { Back } from '../../parts/back.tsx';
import { Button } from '../../parts/button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Facts } from '../../parts/facts.tsx';
import { announce } from '../../parts/live-region.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Time } from '../../parts/time.tsx';
import { useTitle } from '../../parts/title.ts';
import { whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { instantOf, type Zone, zoneOf } from './calendar.ts';
import { ScheduleForm } from './form.tsx';
import { pathOf, ScheduleState, When } from './table.tsx';
import { useZone, ZoneSelect } from './zone.tsx';

export default function Schedule() {
  const { id = '' } = useRoute().params;
  const { value, problem, reload } = useResource<ScheduleView>(pathOf(id));
  const zone = useZone();
  const { schedules } = texts;
  useTitle(value.value?.name ?? schedules.title);
  return (
    <>
      <Back href="/console/schedules">{schedules.title}</Back>
      <header class="head">
        <h1>
          <bdi>{value.value?.name ?? schedules.one}</bdi>
        </h1>
        {value.value && <ScheduleState state={value.value.state} />}
        <ZoneSelect zone={zone} used={value.value ? [value.value.timeZone] : []} />
      </header>
      <Loaded value={value.value} problem={problem.value}>
        {(it) => (
          <>
            <Controls it={it} reload={reload} />
            <div class="columns">
              <About it={it} />
              <NextRuns it={it} zone={zone} />
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

function Controls({ it, reload }: { it: ScheduleView; reload: () => Promise<void> }) {
  const { schedules } = texts;
  const { route } = useLocation();
  const { busy, problem, run } = useAction();
  const [open, setOpen] = useState<'change' | 'remove' | null>(null);
  const close = () => setOpen(null);
  const why = whyNot('campaigns');
  const verb = it.state === 'active' ? 'pause' : 'resume';
  const change = () => run(() => api.post(`${pathOf(it.id)}/${verb}`), reload);
  const start = () =>
    run(
      () => api.post<CampaignView>(`${pathOf(it.id)}/run`),
      ({ id }) => route(`/console/campaigns/${id}`),
    );
  return (
    <div class="stack">
      <div class="buttons">
        <Button
          busy={busy}
          whyNot={why ?? (it.state === 'ended' ? schedules.ended : null)}
          onClick={() => void change()}
        >
          {verb === 'pause' ? schedules.pause : schedules.resume}
        </Button>
        <Button busy={busy} whyNot={why} onClick={() => void start()}>
          {schedules.run}
        </Button>
        <Button whyNot={why} onClick={() => setOpen('change')}>
          {schedules.change}
        </Button>
        <Button kind="danger" whyNot={why} onClick={() => setOpen('remove')}>
          {schedules.remove}
        </Button>
      </div>
      {problem && <ProblemNote problem={problem} />}
      {open === 'change' && (
        <ScheduleForm
          schedule={it}
          onClose={close}
          done={() => {
            close();
            announce(schedules.changed);
            void reload();
          }}
        />
      )}
      {open === 'remove' && (
        <Confirm
          title={schedules.removeTitle}
          text={schedules.removeMore}
          action={schedules.remove}
          call={() => api.delete(pathOf(it.id))}
          done={() => route('/console/schedules')}
          onClose={close}
        />
      )}
    </div>
  );
}

function About({ it }: { it: ScheduleView }) {
  const { facts, missed, runsDone } = texts.schedules;
  const { message, app, audience } = it.campaign;
  return (
    <section class="card" aria-label={facts.about}>
      <Facts
        facts={[
          [facts.when, <When key="when" it={it} />],
          [facts.runs, runsDone(it.runs, it.maxRuns)],
          [facts.until, it.until ? <Until key="until" it={it} at={it.until} /> : null],
          [facts.missed, missed[it.missed]],
          [facts.late, it.local ? texts.waves.lates[it.late ?? 'now'] : null],
          [facts.app, <bdi key="app">{app}</bdi>],
          [facts.message, <bdi key="title">{message.title || message.body || '—'}</bdi>],
          [facts.audience, <AudienceWords key="audience" audience={audience} />],
          [
            facts.last,
            it.lastCampaignId && (
              <a key="last" href={`/console/campaigns/${it.lastCampaignId}`}>
                {facts.lastLink}
              </a>
            ),
          ],
          [facts.created, <Time key="created" at={it.createdAt} />],
        ]}
      />
    </section>
  );
}

/** By own clocks it is written as if it was UTC. */
const Until = ({ it: { local }, at }: { it: ScheduleView; at: string }) =>
  local ? wallTime(at.slice(0, 16)).join(', ') : <Time at={at} />;

function NextRuns({ it, zone: chosen }: { it: ScheduleView; zone: Zone }) {
  const words = texts.schedules;
  const own = zoneOf(it.timeZone ?? 'Etc/UTC');
  // what devices' own clocks show is the same in all zones
  const zone = it.timeZone === undefined ? own : chosen;
  const isOwn = zone.name === own.name;
  return (
    <section class="card" aria-labelledby="next">
      <h2 id="next">{words.nextRuns}</h2>
      {it.nextRuns.length === 0 && <p class="muted">{words.noRuns}</p>}
      <ol class="runs">
        {it.nextRuns.map((at) => (
          <li key={at}>
            <time dateTime={at}>{zone.timeOf(instantOf(at, zone.name))}</time>
            {!isOwn && <span class="muted">{own.timeOf(Date.parse(at))}</span>}
          </li>
        ))}
      </ol>
      {!isOwn && it.nextRuns.length > 0 && (
        <p class="muted hint">{words.own(zone.name, own.name)}</p>
      )}
      {it.local && <p class="muted hint">{words.ownClocksMore}</p>}
    </section>
  );
}
