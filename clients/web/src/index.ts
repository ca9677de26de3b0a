/** The page's part: asks for the permission, registers the browser, and keeps what the API knows of it true. */

import { call } from './call.ts';
import { keepMe, type Me, readMe, using } from './kept.ts';
import { flush } from './receipts.ts';

export interface Options {
  /** of the API, without a slash at its end */
  url: string;
  /** a key with the scope `register` and nothing else: it lies in the page */
  key: string;
  app?: string;
  /** Firebase's `getToken` with your VAPID key, for this worker */
  getToken(registration: ServiceWorkerRegistration): Promise<string>;
  /** the script of the service worker; `/volley-worker.js` unless it is named */
  worker?: string;
  /** false: this browser reports nothing */
  receipts?: boolean;
}

/** What the app knows of the person and the browser. What is left out is removed. */
export interface Device {
  userId?: string;
  tags?: string[];
  attributes?: Record<string, string | number | boolean>;
  country?: string;
  appVersion?: string;
  optedOut?: boolean;
  /** categories of messages that it does not get, such as `marketing` */
  optedOutOf?: string[];
}

export interface State {
  /** 'unsupported': the browser has no push, or not for this page */
  permission: NotificationPermission | 'unsupported';
  /** the id of the installation, if the API knows it */
  id: string | null;
}

export interface Volley {
  /** At every start of the app, and at each change such as a login. Never asks the person. */
  start(device?: Device): Promise<State>;
  /** Asks for the permission, then registers. Browsers want a click before. */
  subscribe(device?: Device): Promise<State>;
  /** Removes the installation, and what is kept here. */
  unsubscribe(): Promise<void>;
}

/** ms after which a registration that has not changed is sent again: it shows that the app is in use. */
const AGAIN_MS = 28 * 24 * 60 * 60 * 1000;
/** ms for a token and for the start of the worker, which others make. */
const PATIENCE_MS = 60_000;

/** `start` and `subscribe` reject if the API refuses, or no answer comes: the next start tries again. */
export function createVolley(options: Options): Volley {
  let device: Device = {};
  let isOn = false;
  let isWatched = false;
  const refresh = () => locked(() => register(options, device));

  async function start(it: Device = device): Promise<State> {
    device = it;
    if (!isSupported()) return { permission: 'unsupported', id: null };
    isOn = true;
    if (!isWatched) watch(async () => isOn && refresh());
    isWatched = true;
    const state = await refresh();
    flush().catch(() => {});
    return state;
  }

  return {
    start,
    async subscribe(it = device) {
      if (isSupported()) await Notification.requestPermission();
      return start(it);
    },
    unsubscribe() {
      isOn = false;
      return locked(async () => {
        const me = await readMe();
        if (me?.sent) {
          const query = new URLSearchParams({ app: options.app ?? 'default' });
          const answer = await call(me, 'DELETE', `/v1/installations/${me.id}?${query}`);
          if (answer.status !== 404) await check(answer);
        }
        await using('receipts', (kept) => kept.clear());
        await using('state', (kept) => kept.clear());
      });
    },
  };
}

const isSupported = () => 'PushManager' in globalThis && 'serviceWorker' in navigator;

/** One at a time in all tabs, so that they share one installation. */
const locked = <T>(work: () => Promise<T>): Promise<T> =>
  navigator.locks.request('volley', work) as Promise<T>;

/** The language, the time zone and the permission change without the app. */
function watch(refresh: () => Promise<unknown>) {
  const again = () => void refresh().catch(() => {});
  addEventListener('languagechange', again);
  addEventListener('online', () => void flush().catch(() => {}));
  document.addEventListener('visibilitychange', () => document.hidden || again());
  navigator.permissions?.query({ name: 'notifications' }).then(
    (it) => it.addEventListener('change', again),
    () => {},
  );
}

async function register(options: Options, device: Device, now = Date.now()): Promise<State> {
  const { url, key, app, getToken, worker = '/volley-worker.js', receipts = true } = options;
  const { permission } = Notification;
  const known = await readMe();
  const me: Me = { id: crypto.randomUUID(), ...known, url, key, receipts };
  if (permission === 'granted') {
    await navigator.serviceWorker.register(worker);
    me.token = await soon(navigator.serviceWorker.ready.then(getToken));
  }
  // a browser without a token was never registered
  if (!me.token) return { permission, id: null };
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const registration = JSON.stringify({
    app,
    platform: 'web',
    token: me.token,
    language: navigator.language,
    // what ICU says where the system has none
    timeZone: timeZone === 'Etc/Unknown' ? undefined : timeZone,
    // not asked yet is the same: nothing is shown
    permission: permission === 'granted' ? permission : 'denied',
    ...device,
  });
  await keepMe(me);
  if (url + registration !== me.sent || now - (me.at ?? 0) >= AGAIN_MS) {
    await check(await call(me, 'PUT', `/v1/installations/${me.id}`, registration));
    await keepMe({ ...me, sent: url + registration, at: now });
  }
  return { permission, id: me.id };
}

async function check(answer: Response) {
  if (!answer.ok) throw new Error(`Volley ${answer.status}: ${await answer.text()}`);
}

const soon = <T>(it: Promise<T>): Promise<T> =>
  Promise.race([
    it,
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error('Volley: no token')), PATIENCE_MS),
    ),
  ]);
