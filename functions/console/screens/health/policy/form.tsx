/** The form of an app's policy: a group of fields for each of its parts. */

import { useState } from 'preact/hooks';
import type { AppPolicyView } from '../../../../http/app-policy.ts';
import { useAction } from '../../../api/action.ts';
import { api } from '../../../api/client.ts';
import { Button } from '../../../parts/button.tsx';
import { Dialog } from '../../../parts/dialog.tsx';
import { ProblemNote } from '../../../parts/problem.tsx';
import { texts } from '../../../texts/texts.ts';
import { CapFields, ExemptField } from './caps.tsx';
import { fromDraft, type PartProps, toDraft } from './draft.ts';
import { QuietFields } from './quiet.tsx';
import { ReceiptFields } from './receipts.tsx';

const words = texts.policy;

interface FormProps {
  app: string;
  path: string;
  policy: AppPolicyView;
  onClose: () => void;
  done: () => unknown;
}

/** Paths of the policy whose faults their fields show. */
const SHOWN = ['receipts.delivered', 'caps', 'quiet.from', 'quiet.to', 'defaultZone', 'exempt'];

export function PolicyForm({ app, path, policy, onClose, done }: FormProps) {
  const { busy, problem, run } = useAction();
  const [draft, setDraft] = useState(() => toDraft(policy));
  const part: PartProps = { draft, problem, change: (some) => setDraft({ ...draft, ...some }) };
  const send = (event: Event) => {
    event.preventDefault();
    // all of the policy is replaced
    void run(() => api.put(path, fromDraft(draft, policy)), done);
  };
  return (
    <Dialog title={words.title(app)} onClose={onClose}>
      <form class="entries" onSubmit={send}>
        <ReceiptFields {...part} />
        <CapFields {...part} />
        <QuietFields {...part} />
        <ExemptField {...part} />
        {problem && <ProblemNote problem={problem} shown={SHOWN} />}
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
