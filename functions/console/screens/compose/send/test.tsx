/** "Send a test to me": the campaign as it is, to named devices. */

import { useSignal } from '@preact/signals';
import type { TestedView } from '../../../../http/campaigns/test-send.ts';
import { useAction } from '../../../api/action.ts';
import { api } from '../../../api/client.ts';
import { count } from '../../../format.ts';
import { Button, ButtonLink } from '../../../parts/button.tsx';
import { Dialog } from '../../../parts/dialog.tsx';
import { Field, faultsAt } from '../../../parts/field.tsx';
import { ProblemNote } from '../../../parts/problem.tsx';
import { whyNot } from '../../../session/session.ts';
import { texts } from '../../../texts/texts.ts';
import { listOf } from '../audience/compile.ts';
import { languageName } from '../draft/language.ts';
import { useCompose } from '../parts.tsx';
import { reasonOf } from './checks.tsx';

const words = texts.compose.test;

export function TestButton() {
  const { faults } = useCompose();
  const isOpen = useSignal(false);
  // a test has an audience and a time of its own
  const own = (faults.value ?? []).filter(({ path }) => /^(?:message|app|name)\b/.test(path));
  const reason = whyNot('campaigns') ?? (own.length > 0 ? reasonOf(own) : null);
  return (
    <>
      <Button
        whyNot={reason}
        onClick={() => {
          isOpen.value = true;
        }}
      >
        {words.open}
      </Button>
      {isOpen.value && (
        <TestDialog
          onClose={() => {
            isOpen.value = false;
          }}
        />
      )}
    </>
  );
}

type Kind = 'userIds' | 'installationIds' | 'tokens';

interface Me {
  kind: Kind;
  names: string;
}

/** Who tests, on this computer. */
const ME = 'volley-test-to';

function lastTime(): Me {
  try {
    const it = JSON.parse(localStorage.getItem(ME) ?? 'null') as Me | null;
    if (it && Object.hasOwn(words.kinds, it.kind) && typeof it.names === 'string') return it;
  } catch {
    // of another version
  }
  return { kind: 'userIds', names: '' };
}

function remember(me: Me) {
  try {
    localStorage.setItem(ME, JSON.stringify(me));
  } catch {
    // next time it is typed again
  }
}

function TestDialog({ onClose }: { onClose: () => void }) {
  const { written } = useCompose();
  const me = useSignal(lastTime());
  const tested = useSignal<TestedView | null>(null);
  const { busy, problem, run } = useAction();

  const send = () => {
    const { kind, names } = me.value;
    const { schedule: _, canary: __, rate: ___, ...rest } = written.value.campaign;
    const body = { ...rest, audience: { [kind]: listOf(names) } };
    return run(
      () => api.post<TestedView>('/v1/campaigns:test', body),
      (it) => {
        tested.value = it;
        remember(me.value);
      },
    );
  };

  const { kind, names } = me.value;
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Field label={words.by}>
          {(ids) => (
            <select
              {...ids}
              value={kind}
              onChange={(event) => {
                me.value = { kind: event.currentTarget.value as Kind, names };
              }}
            >
              {Object.entries(words.kinds).map(([name, text]) => (
                <option key={name} value={name}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={words.kinds[kind]} hint={words.hint} faults={faultsAt(problem, 'audience')}>
          {(ids) => (
            <input
              {...ids}
              value={names}
              autocomplete="off"
              onInput={(event) => {
                me.value = { kind, names: event.currentTarget.value };
              }}
            />
          )}
        </Field>
        {problem && <ProblemNote problem={problem} shown={['audience']} />}
        {tested.value && <Tested tested={tested.value} />}
        <div class="actions">
          <Button onClick={onClose}>{words.close}</Button>
          <Button
            kind="primary"
            type="submit"
            busy={busy}
            whyNot={listOf(names).length === 0 ? words.noNames : null}
          >
            {tested.value ? words.again : words.send}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Tested({ tested: { campaign, recipients } }: { tested: TestedView }) {
  return (
    <div class="note" role="status">
      <p>
        <strong>{campaign ? words.sent(recipients.length) : words.dryRun}</strong>
      </p>
      <ul>
        {recipients.map((it) => {
          const shown = it[it.provider];
          return (
            <li key={it.installationId}>
              <bdi>{it.installationId}</bdi>:{' '}
              {words.recipient(
                it.provider,
                it.language === null ? words.defaultLanguage : languageName(it.language),
                shown ? count(shown.bytes) : '–',
              )}
            </li>
          );
        })}
      </ul>
      {campaign && (
        <ButtonLink href={`/console/campaigns/${campaign.id}`} kind="quiet">
          {words.look}
        </ButtonLink>
      )}
    </div>
  );
}
