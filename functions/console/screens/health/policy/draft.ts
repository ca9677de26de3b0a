/** An app's policy as it is typed. A form may know fewer fields than the policy has: the others stay. */

import type { AppPolicyView } from '../../../../http/app-policy.ts';

type Cap = AppPolicyView['caps'][number];

export interface CapDraft {
  max: string;
  time: string;
  unit: 'h' | 'd';
}

export interface PolicyDraft {
  enabled: boolean;
  /** in percent */
  delivered: string;
  caps: CapDraft[];
  /** separated by commas */
  exempt: string;
}

export const toDraft = ({ receipts, caps, exempt }: AppPolicyView): PolicyDraft => ({
  enabled: receipts.enabled,
  delivered: String(Number((receipts.delivered * 100).toFixed(2))),
  caps: caps.map(({ max, per }) => ({
    max: String(max),
    time: per.slice(0, -1),
    unit: per.endsWith('d') ? 'd' : 'h',
  })),
  exempt: exempt.join(', '),
});

/** The whole policy, which replaces the stored one. The API says what is wrong with it. */
export const fromDraft = (it: PolicyDraft, before: AppPolicyView): AppPolicyView => ({
  ...before,
  receipts: { enabled: it.enabled, delivered: Number((Number(it.delivered) / 100).toFixed(6)) },
  caps: it.caps.map(({ max, time, unit }): Cap => ({ max: Number(max), per: `${time}${unit}` })),
  exempt: it.exempt
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean),
});
