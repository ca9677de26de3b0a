import type { DeliveryView, WebhookView } from '../../../http/webhooks/view.ts';
import { useAction } from '../../api/action.ts';
import { api } from '../../api/client.ts';
import type { List } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { announce } from '../../parts/live-region.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Mark } from '../../parts/mark.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Rows } from '../../parts/rows.tsx';
import { Section } from '../../parts/section.tsx';
import { Time } from '../../parts/time.tsx';
import { whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { pathOf } from './outgoing.tsx';

const tones = { pending: 'warn', delivered: 'good', failed: 'bad' } as const;

interface Props {
  webhook: WebhookView;
  list: List<DeliveryView>;
}

/** What was delivered, the newest first; each opens to its attempts. */
export function Deliveries({ webhook, list }: Props) {
  const { webhooks } = texts;
  return (
    <Section title={webhooks.deliveries}>
      <Loaded value={list.items} problem={list.problem}>
        {(items) => (
          <Rows items={items} list={list} none={webhooks.noDeliveries} keyOf={(it) => it.id}>
            {(it) => <Delivery webhook={webhook} it={it} list={list} />}
          </Rows>
        )}
      </Loaded>
    </Section>
  );
}

function Delivery({ webhook, it, list }: Props & { it: DeliveryView }) {
  const { webhooks } = texts;
  const { busy, problem, run } = useAction();
  const path = `${pathOf(webhook.id)}/deliveries/${encodeURIComponent(it.id)}:replay`;
  const replay = () =>
    run(
      () => api.post<DeliveryView>(path),
      (made) => {
        list.change((other) => (other.id === made.id ? made : other));
        announce(webhooks.replayed);
      },
    );
  const isAbout = it.event.type.startsWith('campaign.');
  return (
    <details>
      <summary>
        <Mark tone={tones[it.state]}>{webhooks.states[it.state]}</Mark>
        <span class="subject">{it.event.type}</span>
        <span class="muted">{webhooks.attempts(it.attempts.length)}</span>
        <Time at={it.createdAt} />
      </summary>
      <div class="inside">
        <p>
          {webhooks.event} <code>{it.event.id}</code>
          {isAbout && (
            <>
              {' · '}
              <a href={`/console/campaigns/${encodeURIComponent(it.event.subject)}`}>
                {webhooks.campaign}
              </a>
            </>
          )}
        </p>
        <Attempts it={it} />
        {it.nextAt && (
          <p class="muted">
            {webhooks.nextAt}: <Time at={it.nextAt} />
          </p>
        )}
        {problem && <ProblemNote problem={problem} />}
        <p>
          <Button
            small
            busy={busy}
            whyNot={
              whyNot('campaigns') ??
              (webhook.enabled ? null : webhooks.replayOff) ??
              (it.state === 'pending' ? webhooks.replayPending : null)
            }
            onClick={() => void replay()}
          >
            {webhooks.replay}
          </Button>
        </p>
      </div>
    </details>
  );
}

function Attempts({ it }: { it: DeliveryView }) {
  const { attempt, noAnswer } = texts.webhooks;
  if (it.attempts.length === 0) return null;
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">{attempt.at}</th>
          <th scope="col">{attempt.answer}</th>
          <th scope="col" class="number">
            {attempt.ms}
          </th>
        </tr>
      </thead>
      <tbody>
        {it.attempts.map(({ at, status, error, ms }) => (
          <tr key={at}>
            <td>
              <Time at={at} />
            </td>
            <td>
              {status ?? noAnswer}
              {error && <small class="muted"> {error}</small>}
            </td>
            <td class="number">{ms} ms</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
