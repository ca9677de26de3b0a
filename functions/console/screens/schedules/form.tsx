/** The times of a schedule: of a new one, with the campaign that it repeats, or of one that exists. */

import { useState } from 'preact/hooks';
import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { ScheduleView } from '../../../http/schedules/view.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { ownZone } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field, faultsAt } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { texts } from '../../texts/texts.ts';
import { zones } from './calendar.ts';
import { described } from './cron.ts';
import { type Draft, draftOf, requestOf, sentAgain } from './draft.ts';
import { pathOf } from './table.tsx';

interface Props {
  /** the one to change; without it, a new one is made */
  schedule?: ScheduleView;
  done: (it: ScheduleView) => void;
  onClose: () => void;
}

export function ScheduleForm({ schedule, done, onClose }: Props) {
  const { form } = texts.schedules;
  const { busy, problem, run } = useAction();
  const [draft, setDraft] = useState<Draft>(() => draftOf(schedule));
  const campaigns = useList<CampaignView>(schedule ? null : '/v1/campaigns?kind=campaign', {
    limit: 50,
  });
  const source = campaigns.items?.find((it) => it.id === draft.from) ?? campaigns.items?.[0];
  const set = (name: keyof Draft) => (event: { currentTarget: { value: string } }) =>
    setDraft({ ...draft, [name]: event.currentTarget.value });
  const campaign = schedule?.campaign ?? (source && sentAgain(source));
  const send = (event: Event) => {
    event.preventDefault();
    const body = requestOf(draft, campaign);
    void run(
      () =>
        schedule
          ? api.put<ScheduleView>(pathOf(schedule.id), body)
          : api.post<ScheduleView>('/v1/schedules', body),
      done,
    );
  };
  return (
    <Dialog title={schedule ? form.change : form.add} onClose={onClose}>
      <form class="entries" onSubmit={send}>
        {!schedule && (
          <Field
            label={form.campaign}
            hint={form.campaignHint}
            faults={faultsAt(problem, 'campaign')}
          >
            {(ids) => (
              <select {...ids} value={source?.id} onChange={set('from')}>
                {(campaigns.items ?? []).map((it) => (
                  <option key={it.id} value={it.id}>
                    {it.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label={form.name} faults={faultsAt(problem, 'name')}>
          {(ids) => (
            <input {...ids} value={draft.name} maxLength={200} required onInput={set('name')} />
          )}
        </Field>
        <Times draft={draft} problem={problem} set={set} />
        {problem && (
          <ProblemNote
            problem={problem}
            shown={[
              'name',
              'cron',
              'timeZone',
              'until',
              'late',
              'maxRuns',
              ...(schedule ? [] : ['campaign']),
            ]}
          />
        )}
        <div class="actions">
          <Button onClick={onClose}>{texts.parts.cancel}</Button>
          <Button
            kind="primary"
            type="submit"
            busy={busy}
            whyNot={campaign ? null : form.noCampaign}
          >
            {schedule ? texts.parts.save : form.make}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type Set = (name: keyof Draft) => (event: { currentTarget: { value: string } }) => void;

interface TimesProps {
  draft: Draft;
  problem: Parameters<typeof faultsAt>[0];
  set: Set;
}

function Times({ draft, problem, set }: TimesProps) {
  const { form } = texts.schedules;
  const words = described(draft.cron);
  return (
    <>
      <Field
        label={form.cron}
        hint={words ? form.meaning(words) : form.cronHint}
        faults={faultsAt(problem, 'cron')}
      >
        {(ids) => (
          <input
            {...ids}
            value={draft.cron}
            maxLength={200}
            required
            spellcheck={false}
            list="crons"
            onInput={set('cron')}
          />
        )}
      </Field>
      <datalist id="crons">
        {form.examples.map((it) => (
          <option key={it} value={it} label={described(it) ?? it} />
        ))}
      </datalist>
      <Field label={texts.schedules.zone} faults={faultsAt(problem, 'timeZone')}>
        {(ids) => (
          <select {...ids} value={draft.timeZone} onChange={set('timeZone')}>
            <option value="">{form.ownClocks}</option>
            {[...new Set([draft.timeZone, ...zones([]).used, ...zones([]).all])]
              .filter((it) => it !== '')
              .map((it) => (
                <option key={it}>{it}</option>
              ))}
          </select>
        )}
      </Field>
      <div class="halves">
        <Field
          label={form.until}
          hint={draft.timeZone === '' ? form.untilLocal : form.untilHint(ownZone)}
          faults={faultsAt(problem, 'until')}
        >
          {(ids) => (
            <input {...ids} type="datetime-local" value={draft.until} onInput={set('until')} />
          )}
        </Field>
        <Field label={form.maxRuns} hint={form.maxRunsHint} faults={faultsAt(problem, 'maxRuns')}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              min="1"
              max="1000000"
              value={draft.maxRuns}
              onInput={set('maxRuns')}
            />
          )}
        </Field>
      </div>
      {draft.timeZone === '' && (
        <Field label={form.late} hint={form.lateHint} faults={faultsAt(problem, 'late')}>
          {(ids) => (
            <select {...ids} value={draft.late} onChange={set('late')}>
              {Object.entries(texts.waves.lates).map(([name, text]) => (
                <option key={name} value={name}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label={form.missed}>
        {(ids) => (
          <select {...ids} value={draft.missed} onChange={set('missed')}>
            <option value="once">{form.missedOnce}</option>
            <option value="skip">{form.missedSkip}</option>
          </select>
        )}
      </Field>
    </>
  );
}
