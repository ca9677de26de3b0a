/** One trigger: where a service calls, what became of its calls, and those that failed. */

import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso/router';
import type { TriggerView } from '../../../http/triggers/view.ts';
import { api } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { count } from '../../format.ts';
import { AudienceWords } from '../../parts/audience.tsx';
import { Back } from '../../parts/back.tsx';
import { Button } from '../../parts/button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Copyable } from '../../parts/secret.tsx';
import { Time } from '../../parts/time.tsx';
import { useTitle } from '../../parts/title.ts';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { FailedPings, Pings } from './pings.tsx';
import { triggerPath } from './trigger-draft.ts';
import { TriggerForm } from './trigger-form.tsx';

/** ms between two looks at the counts. */
const EVERY_MS = 10_000;

export default function Trigger() {
  const { name = '' } = useRoute().params;
  const { triggers, webhooks } = texts;
  useTitle(name);
  const { value, problem, reload } = useResource<TriggerView>(
    ifMay(triggerPath(name), 'campaigns'),
    {
      everyMs: () => EVERY_MS,
    },
  );
  return (
    <>
      <Back href="/console/webhooks">{webhooks.title}</Back>
      <header class="head">
        <h1>
          <bdi>{name}</bdi>
        </h1>
      </header>
      <Loaded value={value.value} problem={problem.value} whyNot={whyNot('campaigns')}>
        {(it) => (
          <>
            <Controls it={it} reload={reload} />
            <div class="stack">
              <Copyable text={location.origin + triggerPath(it.name)} label={triggers.url} />
              <About it={it} />
            </div>
            <Pings trigger={it} />
            <FailedPings name={it.name} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Controls({ it, reload }: { it: TriggerView; reload: () => Promise<void> }) {
  const { triggers } = texts;
  const { route } = useLocation();
  const [open, setOpen] = useState<'change' | 'remove' | null>(null);
  const close = () => setOpen(null);
  const why = whyNot('campaigns');
  return (
    <div class="buttons">
      <Button whyNot={why} onClick={() => setOpen('change')}>
        {triggers.change}
      </Button>
      <Button kind="danger" whyNot={why} onClick={() => setOpen('remove')}>
        {triggers.remove}
      </Button>
      {open === 'change' && <TriggerForm trigger={it} onClose={close} done={() => void reload()} />}
      {open === 'remove' && (
        <Confirm
          title={triggers.removeTitle}
          text={triggers.removeMore}
          action={triggers.remove}
          call={() => api.delete(triggerPath(it.name))}
          done={() => route('/console/webhooks')}
          onClose={close}
        />
      )}
    </div>
  );
}

function About({ it }: { it: TriggerView }) {
  const { facts, kinds, where, wholeBody } = texts.triggers;
  const { proof } = it;
  const place = proof.kind === 'token' ? ` · ${where[proof.in]}: ${proof.name}` : '';
  return (
    <section class="card" aria-label={facts.label}>
      <Facts
        facts={[
          [facts.received, count(it.counts.received)],
          [facts.forged, count(it.counts.forged)],
          [facts.app, <bdi key="app">{it.app}</bdi>],
          [facts.proof, kinds[proof.kind] + place],
          [facts.idPath, it.idPath === null ? wholeBody : <code key="id">{it.idPath}</code>],
          [facts.audience, <AudienceWords key="audience" audience={it.audience} />],
          [facts.message, <Message key="message" message={it.message} />],
          [facts.created, <Time key="created" at={it.createdAt} />],
        ]}
      />
    </section>
  );
}

/** What is seen of it; the template has more fields, any of which a call may fill. */
const Message = ({ message }: Pick<TriggerView, 'message'>) => {
  const seen = [message.title, message.body].filter((it) => typeof it === 'string');
  return (
    <>
      {seen.map((it, i) => (
        <p key={i}>
          <bdi>{it}</bdi>
        </p>
      ))}
      <details>
        <summary>{texts.triggers.asJson}</summary>
        <pre>{JSON.stringify(message, null, 2)}</pre>
      </details>
    </>
  );
};
