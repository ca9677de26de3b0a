/** What is written in the form, as it is typed: texts, and what is chosen. */

import type { Late } from '../../../../model/waves.ts';
import type { Time } from '../../../parts/when/time.ts';
import { type Group, noGroup } from '../audience/group.ts';

/** The content of a message in one language; '' is left out. */
export interface Words {
  title: string;
  subtitle: string;
  body: string;
  imageUrl: string;
  link: string;
  webLink: string;
  sound: string;
  data: DataEntry[];
}

export interface DataEntry {
  name: string;
  value: string;
}

interface Translation {
  language: string;
  words: Words;
}

/** What is the same in all languages. */
export interface Options {
  badge: string;
  ttlSeconds: string;
  collapseId: string;
  category: string;
  priority: '' | 'high' | 'normal';
  androidChannel: string;
  interruption: '' | 'passive' | 'active' | 'time-sensitive' | 'critical';
  threadId: string;
  actions: string;
  analyticsLabel: string;
  literal: boolean;
  /** JSON, as it is typed */
  apns: string;
  fcm: string;
}

export type When =
  | { kind: 'now' }
  | Time
  | {
      kind: 'again';
      cron: string;
      zone: string;
      until: string;
      missed: 'once' | 'skip';
      /** by the own clock of each device, and not by that of `zone`; left out in drafts of earlier versions */
      isLocal?: boolean;
      late?: Late;
    };

export interface Draft {
  name: string;
  app: string;
  words: Words;
  translations: Translation[];
  options: Options;
  audience: { mode: 'rows' | 'json'; group: Group; json: string };
  when: When;
  /** pushes a minute */
  rate: string;
  canary: { on: boolean; percent: string; holdSeconds: string; maxFailurePercent: string };
  dryRun: boolean;
  /** sample values of variables, for the previews; they are not part of the campaign */
  samples: Record<string, string>;
}

export const noWords = (): Words => ({
  title: '',
  subtitle: '',
  body: '',
  imageUrl: '',
  link: '',
  webLink: '',
  sound: '',
  data: [],
});

export const emptyDraft = (): Draft => ({
  name: '',
  app: 'default',
  words: noWords(),
  translations: [],
  options: {
    badge: '',
    ttlSeconds: '',
    collapseId: '',
    category: '',
    priority: '',
    androidChannel: '',
    interruption: '',
    threadId: '',
    actions: '',
    analyticsLabel: '',
    literal: false,
    apns: '',
    fcm: '',
  },
  audience: { mode: 'rows', group: noGroup(), json: '' },
  when: { kind: 'now' },
  rate: '',
  canary: { on: false, percent: '5', holdSeconds: '60', maxFailurePercent: '10' },
  dryRun: false,
  samples: {},
});
