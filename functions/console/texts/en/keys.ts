/** API keys. */

import type { Scope } from '../../../model/key.ts';

const scopes: Record<Scope, string> = {
  campaigns: 'Send and control campaigns, schedules, webhooks; pause apps',
  installations: 'Register, import and remove devices; export and erase users',
  read: 'Read campaigns, failures and devices',
  register: 'Register devices of one app. It may lie in an app, and goes alone',
  admin: 'Manage keys',
};

export const keys = {
  title: 'Keys',
  add: 'New key',
  none: 'There is no key yet',
  noneMore: 'A key lets a program, or a colleague, call the API with the scopes that you give it.',
  table: 'API keys',
  columns: { name: 'Key', scopes: 'Scopes', app: 'App', created: 'Created' },
  actions: 'Actions',
  scopes,
  form: {
    title: 'New key',
    name: 'Name',
    nameHint: 'Histories show it beside what was done with the key.',
    scopes: 'Scopes',
    app: 'App that it registers devices of',
    make: 'Create the key',
  },
  madeTitle: 'The key',
  madeMore: 'It is shown only now: Volley keeps its hash. Put it where your program reads secrets.',
  revoke: 'Revoke',
  revokeTitle: (name: string) => `Revoke ${name}?`,
  revokeMore:
    'Calls with it are refused within half a minute, and sessions that act with it end. It cannot be taken back.',
  of: (name: string) => ` ${name}`,
};
