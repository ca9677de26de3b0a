/** An app's policy as it is typed. A form may know fewer fields than the policy has: the others stay. */

import type { AppPolicyView } from '../../../../http/app-policy.ts';
import type { Problem } from '../../../api/client.ts';

type Cap = AppPolicyView['caps'][number];

export interface CapDraft {
  max: string;
  time: string;
  unit: 'h' | 'd';
}

interface PolicyDraft {
  enabled: boolean;
  /** in percent */
  delivered: string;
  caps: CapDraft[];
  isQuiet: boolean;
  /** times of the day such as `22:00`; they are kept while it is not quiet */
  from: string;
  to: string;
  defaultZone: string;
  /** separated by commas */
  exempt: string;
}

/** What a group of fields is given. */
export interface PartProps {
  draft: PolicyDraft;
  change: (part: Partial<PolicyDraft>) => void;
  problem: Problem | null;
}

export const toDraft = ({
  receipts,
  caps,
  quiet,
  defaultZone,
  exempt,
}: AppPolicyView): PolicyDraft => ({
  enabled: receipts.enabled,
  delivered: String(Number((receipts.delivered * 100).toFixed(2))),
  caps: caps.map(({ max, per }) => ({
    max: String(max),
    time: per.slice(0, -1),
    unit: per.endsWith('d') ? 'd' : 'h',
  })),
  isQuiet: quiet !== null,
  ...(quiet ?? { from: '22:00', to: '08:00' }),
  defaultZone,
  exempt: exempt.join(', '),
});

/** The whole policy, which replaces the stored one. The API says what is wrong with it. */
export const fromDraft = (it: PolicyDraft, before: AppPolicyView): AppPolicyView => ({
  ...before,
  receipts: { enabled: it.enabled, delivered: Number((Number(it.delivered) / 100).toFixed(6)) },
  caps: it.caps.map(({ max, time, unit }): Cap => ({ max: Number(max), per: `${time}${unit}` })),
  quiet: it.isQuiet ? { from: it.from, to: it.to } : null,
  defaultZone: it.defaultZone.trim(),
  exempt: it.exempt
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean),
});
