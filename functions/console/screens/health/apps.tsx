import { useState } from 'preact/hooks';
import type { AppView, ControlledAppView } from '../../../http/apps.ts';
import { api } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { Button } from '../../parts/button.tsx';
import { Confirm } from '../../parts/confirm.tsx';
import { Empty } from '../../parts/empty.tsx';
import { announce } from '../../parts/live-region.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Mark } from '../../parts/mark.tsx';
import { More } from '../../parts/more.tsx';
import { Section } from '../../parts/section.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { ifMay, MAY_LOOK, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { Policy } from './policy/policy.tsx';

/** ms between two looks: another person may pause an app. */
const EVERY_MS = 15_000;

export function Apps() {
  const { health } = texts;
  const list = useList<AppView>(ifMay('/v1/apps', ...MAY_LOOK), { everyMs: EVERY_MS });
  const [asked, setAsked] = useState<AppView | null>(null);
  const verb = asked?.paused ? 'resume' : 'pause';
  return (
    <Section title={health.apps} text={health.appsMore}>
      <Loaded value={list.items} problem={list.problem} whyNot={whyNot(...MAY_LOOK)}>
        {(items) =>
          items.length === 0 ? (
            <div class="card">
              <Empty title={health.noApps} text={health.noAppsMore} />
            </div>
          ) : (
            <>
              <AppTable items={items} onAsk={setAsked} />
              <More list={list} />
            </>
          )
        }
      </Loaded>
      {asked && (
        <Confirm
          title={asked.paused ? health.resumeTitle(asked.app) : health.pauseTitle(asked.app)}
          text={asked.paused ? health.resumeMore : health.pauseMore}
          action={asked.paused ? health.resumeDo : health.pauseDo}
          call={() =>
            api.post<ControlledAppView>(`/v1/apps/${encodeURIComponent(asked.app)}/${verb}`)
          }
          done={(it) => {
            setAsked(null);
            announce(health.changed(it.campaigns));
            return list.reload();
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </Section>
  );
}

interface AppTableProps {
  items: AppView[];
  onAsk: (it: AppView) => void;
}

function AppTable({ items, onAsk }: AppTableProps) {
  const { columns, table, actions, pause, resume, of } = texts.health;
  return (
    <div class="app-table">
      <Table
        caption={table}
        columns={[
          { label: columns.app },
          { label: columns.providers, isWide: true },
          { label: texts.policy.column },
          { label: actions, isNumber: true },
        ]}
      >
        {items.map((it) => (
          <tr key={it.app}>
            <td>
              <div>
                <bdi class="naming">{it.app}</bdi>
              </div>
              <AppState it={it} />
            </td>
            <td class="wide">{it.providers.join(', ').toUpperCase()}</td>
            <td>
              <Policy app={it.app} />
            </td>
            <td class="number">
              <Button
                small
                kind={it.paused ? 'plain' : 'danger'}
                whyNot={whyNot('campaigns')}
                onClick={() => onAsk(it)}
              >
                {it.paused ? resume : pause}
                <span class="unseen">{of(it.app)}</span>
              </Button>
            </td>
          </tr>
        ))}
      </Table>
    </div>
  );
}

function AppState({ it }: { it: AppView }) {
  const { on, paused, pausedBy } = texts.health;
  if (!it.paused) return <Mark tone="good">{on}</Mark>;
  return (
    <>
      <Mark tone="warn">{paused}</Mark>
      <p class="muted sub">
        <Time at={it.paused.at} /> {pausedBy(it.paused.by)}
      </p>
    </>
  );
}
