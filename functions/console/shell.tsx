/** What is around every screen: navigation, banners, the router. */

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { Button, ButtonLink } from './parts/button.tsx';
import { Empty } from './parts/empty.tsx';
import { Icon } from './parts/icon.tsx';
import { LiveRegion } from './parts/live-region.tsx';
import { ProblemNote } from './parts/problem.tsx';
import { useTitle } from './parts/title.ts';
import { type Screen, screens } from './screens/list.ts';
import { isSimulated, me, session, signInKind, signInProblem, whyNot } from './session/session.ts';
import { SignedOut } from './session/signed-out.tsx';
import { texts } from './texts/texts.ts';

const shown = screens.map((it) => ({ path: it.path, component: guarded(it) }));

/**
 * A screen once it is known who calls, so that it asks for nothing that the caller may not have; its file is
 * loaded meanwhile.
 */
function guarded({ load, needs }: Screen) {
  // a file that does not come would be waited for without end
  const Shown = lazy(() => load().catch(() => ({ default: Unshown })));
  return () => {
    if (me.value === null) {
      void Shown.preload();
      return <Waiting />;
    }
    const why = needs ? whyNot(...needs) : null;
    return why === null ? <Shown /> : <Refused why={why} />;
  };
}

/** Locally a link signs in, and the session ends by itself. */
const isGoogle = signInKind().kind === 'google';

export function Shell() {
  return (
    <LocationProvider scope="/console">
      <a class="skip" href="#main">
        {texts.shell.skip}
      </a>
      <div class="frame">
        <Navigation />
        <div class="page">
          <SimulatedBanner />
          {session.value === 'ended' && <EndedBanner />}
          {session.value === 'out' ? <SignedOut /> : <Screens />}
        </div>
      </div>
      <LiveRegion />
    </LocationProvider>
  );
}

const isMenuOpen = signal(false);

function Navigation() {
  const { path } = useLocation();
  const isCurrent = (it: string) =>
    it === '/console'
      ? path === it || path.startsWith('/console/campaigns')
      : path === it || path.startsWith(`${it}/`);
  useEffect(() => {
    isMenuOpen.value = false;
  }, [path]);
  return (
    <header class={isMenuOpen.value ? 'nav open' : 'nav'}>
      <a class="brand" href="/console/">
        <Logo /> {texts.shell.name}
      </a>
      <button
        type="button"
        class="button quiet menu"
        aria-expanded={isMenuOpen.value}
        aria-controls="nav"
        onClick={() => {
          isMenuOpen.value = !isMenuOpen.value;
        }}
      >
        <Icon name="menu" /> {texts.shell.menu}
      </button>
      <nav id="nav" aria-label={texts.shell.navigation}>
        <ul>
          {screens.map(({ path: to, nav }) =>
            nav ? (
              <li key={to}>
                <a
                  href={to === '/console' ? '/console/' : to}
                  aria-current={isCurrent(to) ? 'page' : undefined}
                >
                  <Icon name={nav} /> {texts.shell.nav[nav]}
                </a>
              </li>
            ) : null,
          )}
        </ul>
        {me.value && <p class="who">{me.value.name}</p>}
        {me.value && isGoogle && (
          <Button
            kind="quiet"
            small
            onClick={() => void import('./session/google.ts').then((it) => it.end())}
          >
            {texts.session.signOut}
          </Button>
        )}
      </nav>
    </header>
  );
}

const Logo = () => (
  <svg class="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
    <rect width="24" height="24" rx="6" />
    <path d="M6 8l4 8 2-4m-2-4l4 8 4-8" />
  </svg>
);

const SimulatedBanner = () =>
  isSimulated.value ? (
    <aside class="simulated" aria-label={texts.shell.simulated}>
      <strong>{texts.shell.simulated}</strong> <span>{texts.shell.simulatedMore}</span>
    </aside>
  ) : null;

const EndedBanner = () => (
  <div class="note bad banner" role="alert">
    <p>
      <strong>{texts.session.ended}</strong>{' '}
      {isGoogle ? texts.session.endedGoogle : texts.session.endedMore}
    </p>
    <Button small onClick={() => location.reload()}>
      {texts.shell.reload}
    </Button>
  </div>
);

function Screens() {
  const main = useRef<HTMLElement>(null);
  const { path } = useLocation();
  return (
    <main id="main" tabIndex={-1} ref={main}>
      <Broken>
        {isAddress(path) ? (
          <Router onRouteChange={() => main.current?.focus({ preventScroll: true })}>
            {shown.map((it) => (
              <Route key={it.path} path={it.path} component={it.component} />
            ))}
            <Route default component={NotFound} />
          </Router>
        ) : (
          <NotFound />
        )}
      </Broken>
    </main>
  );
}

/** The router decodes what is in the path, and throws if it is no UTF-8, such as `%ff`. */
function isAddress(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

const NotFound = () => (
  <Empty title={texts.shell.notFound} text={texts.shell.notFoundMore}>
    <ButtonLink href="/console/">{texts.shell.toCampaigns}</ButtonLink>
  </Empty>
);

const Waiting = () =>
  signInProblem.value ? (
    <ProblemNote problem={signInProblem.value} />
  ) : (
    <p class="muted">{texts.shell.loading}…</p>
  );

function Refused({ why }: { why: string }) {
  useTitle(texts.session.notYours);
  return (
    <>
      <header class="head">
        <h1>{texts.session.notYours}</h1>
      </header>
      <p class="note">
        {why} {isGoogle && texts.session.askForRole}
      </p>
    </>
  );
}

/** In place of a screen that throws. */
function Broken({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const [error, reset] = useErrorBoundary((it) => console.error(it));
  // another screen may be well
  useEffect(reset, [path]);
  return error ? <Unshown /> : <ErrorBoundary>{children}</ErrorBoundary>;
}

/** A screen that cannot be loaded, or throws: often its file is one of an earlier version. */
function Unshown() {
  return (
    <Empty title={texts.shell.broken} text={texts.shell.brokenMore}>
      <Button onClick={() => location.reload()}>{texts.shell.reload}</Button>
    </Empty>
  );
}
