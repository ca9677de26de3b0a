/** Whether the pushes of an app ask for receipts, and how many devices report a delivery. */

import { useState } from 'preact/hooks';
import type { AppPolicyView } from '../../../http/app-policy.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { percent } from '../../format.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Field, faultsAt } from '../../parts/field.tsx';
import { announce } from '../../parts/live-region.tsx';
import { Mark } from '../../parts/mark.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { ifMay, MAY_LOOK, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';

const words = texts.health.receipts;
/** The API takes four decimals of a share: two of a percentage. */
const STEP = 0.01;

export function Policy({ app }: { app: string }) {
  const path = `/v1/apps/${encodeURIComponent(app)}/policy`;
  const { value, problem, reload } = useResource<AppPolicyView>(ifMay(path, ...MAY_LOOK));
  const [isOpen, setOpen] = useState(false);
  if (problem.value) return <span class="muted">{problem.value.title}</span>;
  if (!value.value) return <span class="muted">…</span>;
  const { enabled, delivered } = value.value.receipts;
  return (
    <>
      <Mark tone={enabled ? 'good' : 'none'}>{enabled ? words.on : words.off}</Mark>{' '}
      <Button kind="quiet" small whyNot={whyNot('campaigns')} onClick={() => setOpen(true)}>
        {words.change}
        <span class="unseen">{texts.health.of(app)}</span>
      </Button>
      {enabled && <p class="muted sub wide">{words.share(percent(delivered, 1))}</p>}
      {isOpen && (
        <PolicyForm
          app={app}
          path={path}
          policy={value.value}
          onClose={() => setOpen(false)}
          done={() => {
            setOpen(false);
            announce(words.changed);
            return reload();
          }}
        />
      )}
    </>
  );
}

interface FormProps {
  app: string;
  path: string;
  policy: AppPolicyView;
  onClose: () => void;
  done: () => unknown;
}

function PolicyForm({ app, path, policy, onClose, done }: FormProps) {
  const { busy, problem, run } = useAction();
  const [enabled, setEnabled] = useState(policy.receipts.enabled);
  // in percent, as it is typed
  const [share, setShare] = useState(String(Number((policy.receipts.delivered * 100).toFixed(2))));
  const send = (event: Event) => {
    event.preventDefault();
    const delivered = Number((Number(share) / 100).toFixed(6));
    // all of the policy is replaced
    void run(() => api.put(path, { ...policy, receipts: { enabled, delivered } }), done);
  };
  return (
    <Dialog title={words.title(app)} onClose={onClose}>
      <form class="entries" onSubmit={send}>
        <p class="muted">{words.more}</p>
        <div class="ticks">
          <label>
            <input type="checkbox" checked={enabled} onChange={() => setEnabled(!enabled)} />
            <span>{words.enabled}</span>
          </label>
        </div>
        {enabled && (
          <Field
            label={words.delivered}
            hint={words.deliveredMore}
            faults={faultsAt(problem, 'receipts.delivered')}
          >
            {(ids) => (
              <input
                {...ids}
                type="number"
                required
                min={0}
                max={100}
                step={STEP}
                value={share}
                onInput={({ currentTarget }) => setShare(currentTarget.value)}
              />
            )}
          </Field>
        )}
        {problem && <ProblemNote problem={problem} shown={['receipts.delivered']} />}
        <div class="actions">
          <Button onClick={onClose}>{texts.parts.keep}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {words.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
