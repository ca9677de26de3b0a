/** One outgoing webhook: its controls, and what was delivered to it. */

import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso/router';
import type { DeliveryView, WebhookView } from '../../../http/webhooks/view.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import { type List, useList } from '../../api/list.ts';
import { useResource } from '../../api/resource.ts';
import { Back } from '../../parts/back.tsx';
import { Button } from '../../parts/button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { SecretDialog } from '../../parts/secret.tsx';
import { Time } from '../../parts/time.tsx';
import { useTitle } from '../../parts/title.ts';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { Deliveries } from './deliveries.tsx';
import { aboutOf, pathOf, WebhookState } from './outgoing.tsx';

/** ms between two looks at the deliveries. */
const EVERY_MS = 5_000;

export default function Webhook() {
  const { id = '' } = useRoute().params;
  const { webhooks } = texts;
  const { value, problem, reload } = useResource<WebhookView>(ifMay(pathOf(id), 'campaigns'));
  const deliveries = useList<DeliveryView>(ifMay(`${pathOf(id)}/deliveries`, 'campaigns'), {
    limit: 20,
    everyMs: EVERY_MS,
  });
  useTitle(value.value?.description || webhooks.title);
  return (
    <>
      <Back href="/console/webhooks">{webhooks.title}</Back>
      <header class="head">
        <h1>
          <bdi>{value.value ? value.value.description || value.value.url : webhooks.one}</bdi>
        </h1>
        {value.value && <WebhookState it={value.value} />}
      </header>
      <Loaded value={value.value} problem={problem.value} whyNot={whyNot('campaigns')}>
        {(it) => (
          <>
            <Controls it={it} deliveries={deliveries} reload={reload} />
            <About it={it} />
            <Deliveries webhook={it} list={deliveries} />
          </>
        )}
      </Loaded>
    </>
  );
}

interface ControlsProps {
  it: WebhookView;
  deliveries: List<DeliveryView>;
  reload: () => Promise<void>;
}

function Controls({ it, deliveries, reload }: ControlsProps) {
  const { webhooks } = texts;
  const { route } = useLocation();
  const { busy, problem, run } = useAction();
  const [open, setOpen] = useState<'rotate' | 'remove' | null>(null);
  const [tested, setTested] = useState<DeliveryView | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => setOpen(null);
  const why = whyNot('campaigns');
  const path = pathOf(it.id);
  const test = () =>
    run(
      () => api.post<DeliveryView>(`${path}:test`),
      (made) => {
        setTested(made);
        return Promise.all([deliveries.reload(), reload()]);
      },
    );
  const turn = () => run(() => api.patch(path, { enabled: !it.enabled }), reload);
  return (
    <div class="stack">
      <div class="buttons">
        <Button busy={busy} whyNot={why} onClick={() => void test()}>
          {webhooks.test}
        </Button>
        <Button whyNot={why} onClick={() => setOpen('rotate')}>
          {webhooks.rotate}
        </Button>
        <Button busy={busy} whyNot={why} onClick={() => void turn()}>
          {it.enabled ? webhooks.turnOff : webhooks.turnOn}
        </Button>
        <Button kind="danger" whyNot={why} onClick={() => setOpen('remove')}>
          {webhooks.remove}
        </Button>
      </div>
      {problem && <ProblemNote problem={problem} />}
      {it.disabledReason && <p class="note warn">{webhooks.turnedOff(it.disabledReason)}</p>}
      {tested && <Tested it={tested} />}
      {open === 'rotate' && (
        <Confirm
          title={webhooks.rotateTitle}
          text={webhooks.rotateMore}
          action={webhooks.rotate}
          call={() => api.post<{ secret: string }>(`${path}:rotate`)}
          done={(made) => {
            close();
            setSecret(made.secret);
          }}
          onClose={close}
        />
      )}
      {open === 'remove' && (
        <Confirm
          title={webhooks.removeTitle}
          text={webhooks.removeMore}
          action={webhooks.remove}
          call={() => api.delete(path)}
          done={() => route('/console/webhooks')}
          onClose={close}
        />
      )}
      {secret !== null && (
        <SecretDialog
          title={webhooks.secretTitle}
          text={webhooks.secretMore}
          secret={secret}
          onClose={() => setSecret(null)}
        />
      )}
    </div>
  );
}

/** What the receiver answered to a test. */
function Tested({ it }: { it: DeliveryView }) {
  const { webhooks } = texts;
  const attempt = it.attempts[0];
  if (!attempt) return null;
  const { status, ms, error } = attempt;
  return (
    <p class={it.state === 'delivered' ? 'note good' : 'note bad'} role="status">
      {status === null ? webhooks.untested(error ?? '') : webhooks.tested(status, ms)}
    </p>
  );
}

function About({ it }: { it: WebhookView }) {
  const { facts, formats, columns } = texts.webhooks;
  return (
    <section class="card" aria-label={facts.label}>
      <Facts
        facts={[
          [columns.url, <bdi key="url">{it.url}</bdi>],
          [
            facts.about,
            it.campaignId === null ? (
              <bdi key="app">{aboutOf(it)}</bdi>
            ) : (
              <a key="campaign" href={`/console/campaigns/${encodeURIComponent(it.campaignId)}`}>
                {aboutOf(it)}
              </a>
            ),
          ],
          [
            facts.events,
            <span key="events" class="tags">
              {it.types.map((type) => (
                <code key={type}>{type}</code>
              ))}
            </span>,
          ],
          [facts.format, formats[it.format]],
          [facts.failing, it.failingSince && <Time key="failing" at={it.failingSince} />],
          [facts.created, <Time key="created" at={it.createdAt} />],
        ]}
      />
    </section>
  );
}
