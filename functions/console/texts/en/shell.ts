/** What is around every screen. */

import type { Scope } from '../../../model/key.ts';

export const shell = {
  name: 'Volley',
  skip: 'Skip to the content',
  menu: 'Menu',
  close: 'Close',
  navigation: 'Main',
  nav: {
    campaigns: 'Campaigns',
    compose: 'Compose',
    devices: 'Devices',
    schedules: 'Schedules',
    webhooks: 'Webhooks',
    keys: 'Keys',
    health: 'Health',
  },
  simulated: 'Simulated',
  simulatedMore: 'APNs and FCM are simulated here: no device gets anything.',
  loading: 'Loading',
  notFound: 'There is no such page',
  notFoundMore: 'The address may be mistyped, or from another version.',
  toCampaigns: 'To the campaigns',
  broken: 'This page cannot be shown',
  brokenMore: 'Volley may have been updated since you opened it.',
  reload: 'Reload the page',
  tryAgain: 'Try again',
};

export const session = {
  out: 'Sign in',
  outMore:
    'Open the link that npm start has printed. It opens once, within ten minutes; this command prints another:',
  command: 'npx volley console',
  google: 'Sign in with Google',
  ended: 'Your session has ended.',
  endedMore: 'What you typed is kept. Run npx volley console, and open its link in this browser.',
  endedGoogle: 'What you typed is kept. Open the console in another tab, and sign in there.',
  signOut: 'Sign out',
  notTaken: 'The sign-in failed',
  notAsked: 'What came back from Google was not made for this sign-in.',
  refused: (reason: string) => `Firebase refused the sign-in (${reason}).`,
  again: 'Sign in once more.',
  notYours: 'This page is not for this sign-in',
  askForRole: 'Ask the administrator of this deployment for a role that has it.',
  lacks: (name: string, scope: Scope) => `${name} lacks the scope ${scope}.`,
};

export const problems = {
  lostTitle: 'No connection',
  lost: 'The server does not answer.',
  lostNext: 'Trying again by itself.',
  lostWrite: 'It may have been done nonetheless: look, or try again.',
  unknownTitle: 'An unexpected answer',
  unknown: (status: number) => `The server answered with status ${status}.`,
};
