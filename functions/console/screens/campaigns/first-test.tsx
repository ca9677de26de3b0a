/** Sends a first test to one device. */

import { useState } from 'preact/hooks';
import type { TestedView } from '../../../http/campaigns/test-send.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../parts/button.tsx';
import { Field, faultsAt } from '../../parts/field.tsx';
import { announce } from '../../parts/live-region.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { isSimulated, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { FIRST_DEVICE } from './sample-devices.ts';

const { begin } = texts.campaigns;

export function FirstTest({ onDone }: { onDone: () => void }) {
  const [device, setDevice] = useState(isSimulated.value ? FIRST_DEVICE : '');
  const { busy, problem, run } = useAction();

  const send = (event: Event) => {
    event.preventDefault();
    const body = {
      name: begin.sendTest,
      audience: { installationIds: [device.trim()] },
      message: { title: begin.testTitle, body: begin.testBody },
    };
    void run(
      () => api.post<TestedView>('/v1/campaigns:test', body),
      () => {
        announce(begin.sentTest);
        onDone();
      },
    );
  };

  return (
    <form onSubmit={send}>
      <div class="row end">
        <Field label={begin.device} faults={faultsAt(problem, 'audience')}>
          {(ids) => (
            <input
              {...ids}
              required
              value={device}
              onInput={({ currentTarget }) => setDevice(currentTarget.value)}
            />
          )}
        </Field>
        <Button kind="primary" type="submit" busy={busy} whyNot={whyNot('campaigns')}>
          {begin.sendTest}
        </Button>
      </div>
      {problem && faultsAt(problem, 'audience').length === 0 && <ProblemNote problem={problem} />}
    </form>
  );
}
