/** A campaign that waits for its time is moved to another, of the same kind: an instant, or a local time. */

import { useState } from 'preact/hooks';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { dateTime, ownZone, wallTime } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { faultsAt } from '../../parts/field.tsx';
import { announce } from '../../parts/live-region.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { type Form, FormProvider } from '../../parts/typed.tsx';
import { type At, AtFields } from '../../parts/when/at.tsx';
import { type Local, LocalFields } from '../../parts/when/local.tsx';
import { askedOf, type Time } from '../../parts/when/time.ts';
import { wallOf } from '../../parts/when/zone.ts';
import { ZoneList } from '../../parts/zone-list.tsx';
import { texts } from '../../texts/texts.ts';

const { control } = texts.campaign;

interface Props {
  /** as it is now: it may begin while the dialog is open */
  campaign: CampaignView;
  onMoved: (campaign: CampaignView) => void;
  onClose: () => void;
}

export function Move({ campaign, onMoved, onClose }: Props) {
  const [time, setTime] = useState(() => timeOf(campaign.schedule));
  const { busy, problem, run } = useAction();
  const change = (part: Partial<At & Local>) => setTime({ ...time, ...part } as Time);
  const asked = askedOf(time);
  const whyNot =
    campaign.state !== 'scheduled' ? control.begun : asked.fault === null ? null : control.noTime;
  const form: Form = {
    faultsAt: (path) => [
      ...(asked.fault?.path === path ? [asked.fault.message] : []),
      // the API knows the schedule alone
      ...faultsAt(problem, path.replace('schedule.', '')),
    ],
  };
  const send = (event: Event) => {
    event.preventDefault();
    if (whyNot !== null) return;
    // a repeat after an answer that was lost moves it to the same time
    void run(
      () =>
        api.put<CampaignView>(
          `/v1/campaigns/${encodeURIComponent(campaign.id)}/schedule`,
          asked.schedule,
        ),
      (it) => {
        announce(control.moved(saidOf(it.schedule)));
        onMoved(it);
      },
    );
  };
  return (
    <Dialog title={control.moveTitle} onClose={onClose}>
      <form class="entries" onSubmit={send}>
        <FormProvider value={form}>
          {time.kind === 'at' ? (
            <AtFields {...time} onChange={change} />
          ) : (
            <LocalFields {...time} onChange={change} />
          )}
        </FormProvider>
        <ZoneList />
        {problem && <ProblemNote problem={problem} shown={SHOWN} />}
        <div class="actions">
          <Button onClick={onClose}>{control.moveNot}</Button>
          <Button kind="primary" type="submit" busy={busy} whyNot={whyNot}>
            {control.moveDo}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Paths of faults that stand at their fields. */
const SHOWN = ['at', 'local', 'late'];

type Schedule = CampaignView['schedule'];

/** The time that it has, as the fields have it: to the minute, by the clocks of this computer. */
function timeOf(schedule: Schedule): Time {
  const { at, local, late = 'now' } = schedule ?? {};
  if (local !== undefined) return { kind: 'local', wall: local, late };
  return { kind: 'at', wall: at ? wallOf(Date.parse(at), ownZone) : '', zone: ownZone };
}

const saidOf = (schedule: Schedule): string =>
  schedule?.local ? wallTime(schedule.local).join(', ') : dateTime(Date.parse(schedule?.at ?? ''));
