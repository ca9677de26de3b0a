import { useState } from 'preact/hooks';
import type { WhyView } from '../../../http/campaigns/why-view.ts';
import { pathWith } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Rows } from '../../parts/rows.tsx';
import { Section } from '../../parts/section.tsx';
import { Time } from '../../parts/time.tsx';
import { texts } from '../../texts/texts.ts';
import { tones, Why } from './why.tsx';

type Push = Pick<WhyView, 'campaign' | 'state' | 'summary' | 'next' | 'delivery'>;

/** What a device was sent, the newest first; each opens to its timeline. */
export function Pushes({ app, id }: { app: string; id: string }) {
  const { devices } = texts;
  const path = pathWith(`/v1/installations/${encodeURIComponent(id)}/pushes`, { app });
  const list = useList<Push>(path, { limit: 20 });
  const isNone = list.problem?.status === 404;
  return (
    <Section title={devices.pushes}>
      <Loaded value={isNone ? [] : list.items} problem={isNone ? null : list.problem}>
        {(items) => (
          <Rows items={items} list={list} none={devices.noPushes} keyOf={(it) => it.campaign.id}>
            {(it) => <PushRow it={it} id={id} />}
          </Rows>
        )}
      </Loaded>
    </Section>
  );
}

function PushRow({ it, id }: { it: Push; id: string }) {
  const { devices } = texts;
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Mark tone={tones[it.state]}>{devices.states[it.state]}</Mark>
        <span class="subject">
          <bdi>{it.campaign.name}</bdi>
        </span>
        {it.delivery?.reason && <code>{it.delivery.reason}</code>}
        <Time at={it.campaign.createdAt} />
      </summary>
      {isOpen && <Why campaign={it.campaign.id} id={id} />}
    </details>
  );
}
