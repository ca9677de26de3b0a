/** One device: what it is, what it was sent, what became of it and why. */

import { useLocation, useRoute } from 'preact-iso/router';
import type { InstallationView } from '../../../http/installations/view.ts';
import { pathWith } from '../../api/client.ts';
import { useResource } from '../../api/resource.ts';
import { Back } from '../../parts/back.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { useTitle } from '../../parts/title.ts';
import { ifMay, whyNot } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { Pushes } from './pushes.tsx';
import { Ask } from './why.tsx';

export default function Device() {
  const { devices } = texts;
  const { id = '' } = useRoute().params;
  const { app = 'default' } = useLocation().query;
  useTitle(id);
  const path = pathWith(`/v1/installations/${encodeURIComponent(id)}`, { app });
  const readable = ifMay(path, 'read');
  const { value, problem } = useResource<InstallationView>(readable);
  const isGone = problem.value?.status === 404;
  return (
    <>
      <Back href="/console/devices">{devices.title}</Back>
      <header class="head">
        <h1>
          <bdi>{id}</bdi>
        </h1>
      </header>
      {isGone ? (
        <p class="note warn">{devices.gone}</p>
      ) : (
        <Loaded value={value.value} problem={problem.value} whyNot={whyNot('read')}>
          {(it) => <About it={it} />}
        </Loaded>
      )}
      {readable !== null && (
        <>
          <Pushes app={app} id={id} />
          <Ask app={app} id={id} />
        </>
      )}
    </>
  );
}

function About({ it }: { it: InstallationView }) {
  const { facts, permissions, platforms, yes } = texts.devices;
  const attributes = Object.entries(it.attributes);
  const platform = platforms[it.platform] ?? it.platform;
  return (
    <section class="card" aria-label={facts.label}>
      <Facts
        facts={[
          [facts.user, it.userId ? <bdi key="user">{it.userId}</bdi> : null],
          [facts.app, <bdi key="app">{it.app}</bdi>],
          [facts.platform, `${platform} · ${it.provider.toUpperCase()}, ${it.environment}`],
          [facts.language, it.language ?? null],
          [facts.country, it.country ?? null],
          [facts.timeZone, it.timeZone ?? null],
          [facts.version, it.appVersion ? <bdi key="version">{it.appVersion}</bdi> : null],
          [facts.permission, it.permission ? permissions[it.permission] : null],
          [facts.optedOut, it.optedOut ? yes : null],
          [facts.optedOutOf, it.optedOutOf?.join(', ') ?? null],
          [
            facts.tags,
            it.tags.length > 0 ? (
              <span key="tags" class="tags">
                {it.tags.map((tag) => (
                  <bdi key={tag} class="tag">
                    {tag}
                  </bdi>
                ))}
              </span>
            ) : null,
          ],
          [
            facts.attributes,
            attributes.length > 0 ? (
              <ul key="attributes" class="plainly">
                {attributes.map(([name, value]) => (
                  <li key={name}>
                    <bdi class="muted">{name}</bdi> <bdi>{String(value)}</bdi>
                  </li>
                ))}
              </ul>
            ) : null,
          ],
          [facts.token, <code key="token">{it.token}</code>],
          [facts.seen, <Time key="seen" at={it.refreshedAt} />],
        ]}
      />
    </section>
  );
}
