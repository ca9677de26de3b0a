import { useState } from 'preact/hooks';
import type { AppView } from '../../../http/apps.ts';
import type { TriggerView } from '../../../http/triggers/view.ts';
import { useAction } from '../../api/action.ts';
import { api, type Problem } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field, faultsAt } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Copyable } from '../../parts/secret.tsx';
import { texts } from '../../texts/texts.ts';
import { type TriggerDraft, triggerDraft, triggerPath, triggerRequest } from './trigger-draft.ts';

interface Props {
  /** the one to change; without it, a new one is made */
  trigger?: TriggerView;
  done: () => void;
  onClose: () => void;
}

export function TriggerForm({ trigger, done, onClose }: Props) {
  const { triggers } = texts;
  const { form } = triggers;
  const { busy, problem: refused, run } = useAction();
  const [draft, setDraft] = useState(() => triggerDraft(trigger));
  const [notJson, setNotJson] = useState<Faults>([]);
  const [made, setMade] = useState(false);
  const isLocal = notJson.length > 0;
  const problem = isLocal ? { faults: notJson } : refused;
  const set: Set = (name) => (event) => setDraft({ ...draft, [name]: event.currentTarget.value });
  const send = (event: Event) => {
    event.preventDefault();
    const request = triggerRequest(draft);
    setNotJson('faults' in request ? request.faults : []);
    if ('faults' in request) return;
    void run(
      () => api.put<TriggerView>(triggerPath(draft.name), request.body),
      () => {
        done();
        if (trigger) onClose();
        else setMade(true);
      },
    );
  };
  if (made) return <Made draft={draft} onClose={onClose} />;
  return (
    <Dialog title={trigger ? form.change : form.add} onClose={onClose}>
      <form class="entries" onSubmit={send}>
        {!trigger && <NameAndApp draft={draft} problem={problem} set={set} />}
        <Proof draft={draft} problem={problem} set={set} isNew={!trigger} />
        <Field label={form.audience} hint={form.values} faults={faultsAt(problem, 'audience')}>
          {(ids) => <Code ids={ids} value={draft.audience} onInput={set('audience')} />}
        </Field>
        <Field label={form.message} faults={faultsAt(problem, 'message')}>
          {(ids) => <Code ids={ids} value={draft.message} onInput={set('message')} />}
        </Field>
        <Field label={form.idPath} hint={form.idHint} faults={faultsAt(problem, 'idPath')}>
          {(ids) => <input {...ids} value={draft.idPath} maxLength={512} onInput={set('idPath')} />}
        </Field>
        {refused && !isLocal && (
          <ProblemNote
            problem={refused}
            shown={['path.name', 'app', 'proof', 'audience', 'message', 'idPath']}
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

type Faults = NonNullable<Problem['faults']>;
type Set = (name: keyof TriggerDraft) => (event: { currentTarget: { value: string } }) => void;

interface PartProps {
  draft: TriggerDraft;
  problem: { faults?: Faults } | null;
  set: Set;
}

function NameAndApp({ draft, problem, set }: PartProps) {
  const { form } = texts.triggers;
  const apps = useList<AppView>('/v1/apps', { limit: 100 });
  return (
    <div class="halves">
      <Field label={form.name} hint={form.nameHint} faults={faultsAt(problem, 'path.name')}>
        {(ids) => (
          <input {...ids} value={draft.name} required maxLength={64} onInput={set('name')} />
        )}
      </Field>
      <Field label={form.app} faults={faultsAt(problem, 'app')}>
        {(ids) => (
          <select {...ids} value={draft.app} onChange={set('app')}>
            {(apps.items ?? [{ app: draft.app }]).map(({ app }) => (
              <option key={app}>{app}</option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}

function Proof({ draft, problem, set, isNew }: PartProps & { isNew: boolean }) {
  const { form, kinds, where } = texts.triggers;
  return (
    <>
      <Field label={form.kind} faults={faultsAt(problem, 'proof.kind')}>
        {(ids) => (
          <select {...ids} value={draft.kind} onChange={set('kind')}>
            {Object.entries(kinds).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {draft.kind === 'token' && (
        <div class="halves">
          <Field label={form.in} faults={faultsAt(problem, 'proof.in')}>
            {(ids) => (
              <select {...ids} value={draft.in} onChange={set('in')}>
                {Object.entries(where).map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label={form.field} faults={faultsAt(problem, 'proof.name')}>
            {(ids) => <input {...ids} value={draft.field} maxLength={128} onInput={set('field')} />}
          </Field>
        </div>
      )}
      <Field
        label={form.secret}
        hint={isNew ? form.secretHint : form.secretAgain}
        faults={faultsAt(problem, 'proof.secret')}
      >
        {(ids) => (
          <input
            {...ids}
            value={draft.secret}
            required
            maxLength={512}
            autocomplete="off"
            spellcheck={false}
            onInput={set('secret')}
          />
        )}
      </Field>
    </>
  );
}

interface CodeProps {
  ids: object;
  value: string;
  onInput: (event: { currentTarget: { value: string } }) => void;
}

const Code = ({ ids, value, onInput }: CodeProps) => (
  <textarea {...ids} class="typed" value={value} rows={4} spellcheck={false} onInput={onInput} />
);

/** What the service has to be told: where it calls, and its secret. */
const Made = ({ draft, onClose }: { draft: TriggerDraft; onClose: () => void }) => (
  <Dialog title={texts.triggers.madeTitle} onClose={onClose}>
    <p class="muted">{texts.triggers.madeMore}</p>
    <Copyable text={location.origin + triggerPath(draft.name)} label={texts.triggers.url} />
    <Copyable text={draft.secret} label={texts.triggers.form.secret} />
    <div class="actions">
      <Button kind="primary" onClick={onClose}>
        {texts.parts.kept}
      </Button>
    </div>
  </Dialog>
);
