import { useState } from 'preact/hooks';
import type { AppView } from '../../../http/apps.ts';
import type { NewKey } from '../../../http/keys.ts';
import type { Scope } from '../../../model/key.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { Checks } from '../../parts/checks.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field, faultsAt } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { SecretDialog } from '../../parts/secret.tsx';
import { ifMay, MAY_LOOK } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';

const all = Object.keys(texts.keys.scopes) as Scope[];

/** Creates a key, then shows it. */
export function KeyForm({ done, onClose }: { done: () => void; onClose: () => void }) {
  const { keys } = texts;
  const { busy, problem, run } = useAction();
  const [made, setMade] = useState<NewKey | null>(null);
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['read']);
  const [app, setApp] = useState('default');
  const registers = scopes.includes('register');
  const send = (event: Event) => {
    event.preventDefault();
    void run(
      () => api.post<NewKey>('/v1/keys', { name, scopes, ...(registers && { app }) }),
      (it) => {
        done();
        setMade(it);
      },
    );
  };
  if (made)
    return (
      <SecretDialog
        title={keys.madeTitle}
        text={keys.madeMore}
        secret={made.key}
        onClose={onClose}
      />
    );
  return (
    <Dialog title={keys.form.title} onClose={onClose}>
      <form class="entries" onSubmit={send}>
        <Field label={keys.form.name} hint={keys.form.nameHint} faults={faultsAt(problem, 'name')}>
          {(ids) => (
            <input
              {...ids}
              value={name}
              required
              maxLength={64}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Checks
          label={keys.form.scopes}
          options={all.map((it) => [it, it, keys.scopes[it]])}
          chosen={scopes}
          faults={faultsAt(problem, 'scopes')}
          onChange={setScopes}
        />
        {registers && <AppField app={app} faults={faultsAt(problem, 'app')} onChange={setApp} />}
        {problem && <ProblemNote problem={problem} shown={['name', 'scopes', 'app']} />}
        <div class="actions">
          <Button onClick={onClose}>{texts.parts.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {keys.form.make}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface AppProps {
  app: string;
  faults: string[];
  onChange: (app: string) => void;
}

/** The apps that there are; an admin without the scope to see them types the name. */
function AppField({ app, faults, onChange }: AppProps) {
  const apps = useList<AppView>(ifMay('/v1/apps', ...MAY_LOOK), { limit: 100 });
  return (
    <Field label={texts.keys.form.app} faults={faults}>
      {(ids) => (
        <>
          <input
            {...ids}
            value={app}
            required
            maxLength={64}
            list="apps"
            onInput={(event) => onChange(event.currentTarget.value)}
          />
          <datalist id="apps">
            {(apps.items ?? []).map((it) => (
              <option key={it.app} value={it.app} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
