/** Saves the audience under a name. */

import { useSignal } from '@preact/signals';
import { useAction } from '../../../api/action.ts';
import { api, pathWith } from '../../../api/client.ts';
import { Button } from '../../../parts/button.tsx';
import { Dialog } from '../../../parts/dialog.tsx';
import { Field, faultsAt } from '../../../parts/field.tsx';
import { ProblemNote } from '../../../parts/problem.tsx';
import { whyNot } from '../../../session/session.ts';
import { texts } from '../../../texts/texts.ts';
import { useCompose } from '../parts.tsx';
import { readSegments } from './segments.ts';

const words = texts.compose.audience.segment;

export function SaveSegment() {
  const { faults } = useCompose();
  const isOpen = useSignal(false);
  const saved = useSignal<string | null>(null);
  const isWrong = (faults.value ?? []).some(({ path }) => /^audience\b/.test(path));
  const close = () => {
    isOpen.value = false;
  };
  return (
    <>
      <Button
        small
        kind="quiet"
        whyNot={whyNot('campaigns') ?? (isWrong ? words.notYet : null)}
        onClick={() => {
          isOpen.value = true;
        }}
      >
        {words.save}
      </Button>
      {saved.value !== null && (
        <span class="hint" role="status">
          {words.saved} <bdi>{saved}</bdi>
        </span>
      )}
      {isOpen.value && (
        <SaveDialog
          onClose={close}
          onSaved={(name) => {
            saved.value = name;
            close();
          }}
        />
      )}
    </>
  );
}

function SaveDialog({
  onClose,
  onSaved,
}: {
  onClose: () => void;
  onSaved: (name: string) => void;
}) {
  const { written } = useCompose();
  const name = useSignal('');
  const { busy, problem, run } = useAction();
  const { app, audience } = written.value.campaign;
  const path = () => pathWith(`/v1/segments/${encodeURIComponent(name.value)}`, { app });
  const save = () =>
    run(
      () => api.put(path(), { audience }),
      () => {
        void readSegments(app);
        onSaved(name.value);
      },
    );
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label={words.name} hint={words.hint} faults={faultsAt(problem, 'path.name')}>
          {(ids) => (
            <input
              {...ids}
              value={name}
              autocomplete="off"
              onInput={(event) => {
                name.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        {problem && <ProblemNote problem={problem} shown={['path.name']} />}
        <div class="actions">
          <Button onClick={onClose}>{texts.compose.sheet.back}</Button>
          <Button
            kind="primary"
            type="submit"
            busy={busy}
            whyNot={name.value === '' ? words.noName : null}
          >
            {words.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
