import { useState } from 'preact/hooks';
import type { AppView } from '../../../http/apps.ts';
import type { WebhookView } from '../../../http/webhooks/view.ts';
import type { EventType } from '../../../model/event.ts';
import type { Webhook } from '../../../model/webhook.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { Checks } from '../../parts/checks.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field, faultsAt } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { SecretDialog } from '../../parts/secret.tsx';
import { texts } from '../../texts/texts.ts';

type WithSecret = WebhookView & { secret: string };

const meanings: Partial<Record<EventType, string>> = texts.webhooks.events;
const all = Object.keys(meanings) as EventType[];
/** What a chat can get, as a report. */
const forChats: EventType[] = ['campaign.completed', 'campaign.failed', 'campaign.paused'];
/** Pushes that failed are many, and only for those who ask. */
const usual: EventType[] = all.filter((it) => it !== 'push.failed');

interface Props {
  done: () => void;
  onClose: () => void;
}

/** Registers a webhook, then shows its secret. */
export function WebhookForm({ done, onClose }: Props) {
  const { webhooks } = texts;
  const { form } = webhooks;
  const { busy, problem, run } = useAction();
  const [made, setMade] = useState<WithSecret | null>(null);
  const [draft, setDraft] = useState({
    url: '',
    description: '',
    about: 'all',
    campaignId: '',
    format: 'standard' as Webhook['format'],
    types: usual,
  });
  const set = (change: Partial<typeof draft>) => setDraft({ ...draft, ...change });
  const offered = draft.format === 'standard' ? all : forChats;
  const send = (event: Event) => {
    event.preventDefault();
    const { about, campaignId, types, ...rest } = draft;
    const body = {
      ...rest,
      types: types.filter((it) => offered.includes(it)),
      ...(about === 'campaign' && { campaignId }),
      ...(about.startsWith('app ') && { app: about.slice(4) }),
    };
    void run(
      () => api.post<WithSecret>('/v1/webhooks', body),
      (it) => {
        done();
        if (it.format === 'standard') setMade(it);
        else onClose();
      },
    );
  };
  if (made)
    return (
      <SecretDialog
        title={webhooks.secretTitle}
        text={webhooks.secretMore}
        secret={made.secret}
        onClose={onClose}
      />
    );
  return (
    <Dialog title={form.title} onClose={onClose}>
      <form class="entries" onSubmit={send}>
        <Field label={form.url} hint={form.urlHint} faults={faultsAt(problem, 'url')}>
          {(ids) => (
            <input
              {...ids}
              type="url"
              required
              maxLength={2048}
              placeholder="https://example.com/hooks/volley"
              value={draft.url}
              onInput={(event) => set({ url: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={form.description} faults={faultsAt(problem, 'description')}>
          {(ids) => (
            <input
              {...ids}
              maxLength={200}
              value={draft.description}
              onInput={(event) => set({ description: event.currentTarget.value })}
            />
          )}
        </Field>
        <div class="halves">
          <About about={draft.about} faults={faultsAt(problem, 'app')} onChange={set} />
          <Field label={form.format} faults={faultsAt(problem, 'format')}>
            {(ids) => (
              <select
                {...ids}
                value={draft.format}
                onChange={(event) =>
                  set({ format: event.currentTarget.value as Webhook['format'] })
                }
              >
                {Object.entries(webhooks.formats).map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        {draft.about === 'campaign' && (
          <Field label={form.campaign} faults={faultsAt(problem, 'campaignId')}>
            {(ids) => (
              <input
                {...ids}
                required
                maxLength={64}
                value={draft.campaignId}
                onInput={(event) => set({ campaignId: event.currentTarget.value })}
              />
            )}
          </Field>
        )}
        <Checks
          label={form.types}
          options={offered.map((it) => [it, it, meanings[it] ?? ''])}
          chosen={draft.types}
          faults={faultsAt(problem, 'types')}
          onChange={(types) => set({ types })}
        />
        {problem && (
          <ProblemNote
            problem={problem}
            shown={['url', 'description', 'app', 'campaignId', 'format', 'types']}
          />
        )}
        <div class="actions">
          <Button onClick={onClose}>{texts.parts.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {form.make}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface AboutProps {
  about: string;
  faults: string[];
  onChange: (change: { about: string }) => void;
}

function About({ about, faults, onChange }: AboutProps) {
  const { webhooks } = texts;
  const apps = useList<AppView>('/v1/apps', { limit: 100 });
  return (
    <Field label={webhooks.form.about} faults={faults}>
      {(ids) => (
        <select
          {...ids}
          value={about}
          onChange={(event) => onChange({ about: event.currentTarget.value })}
        >
          <option value="all">{webhooks.all}</option>
          {(apps.items ?? []).map(({ app }) => (
            <option key={app} value={`app ${app}`}>
              {webhooks.app(app)}
            </option>
          ))}
          <option value="campaign">{webhooks.campaign}</option>
        </select>
      )}
    </Field>
  );
}
