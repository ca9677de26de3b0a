/** counting: counts installations for an estimate, and finds what keeps them from getting the message. */

import { faultIn } from '../../lib/errors.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Reached } from '../../model/installation.ts';
import { type Personalization, personalizationOf } from '../../model/message/personalization.ts';
import type { Platform } from '../../model/platform.ts';
import { descriptionOf, forEachProvider, type Provider } from '../../model/provider/registry.ts';
import { DAY_MS } from '../../model/timing.ts';
import type { Ports, Push, Sender, Senders } from '../../ports/ports.ts';
import { pushOf } from '../accept/push.ts';
import type { WaveWarning } from './waves.ts';

/** Ids of installations that are shown with a problem. */
const EXAMPLES = 5;

export interface EstimateProblem {
  /** an error keeps those installations from getting the message, a warning does not */
  severity: 'error' | 'warning';
  kind:
    | 'fault'
    | 'nobody'
    | 'no-credentials'
    | 'no-translation'
    | 'no-value'
    | 'too-large'
    | 'not-carried'
    | 'not-capped'
    | 'expired-tokens'
    | 'small-canary'
    | WaveWarning['kind'];
  message: string;
  installations: number;
  /** ids of a few of them */
  examples: string[];
}

/** A problem, and the installations among those counted that have it. */
type CountedProblem = Omit<EstimateProblem, 'installations'> & { counted: number };

interface Found {
  counted: number;
  examples: string[];
}

export type Counting = ReturnType<typeof createCounting>;

/** The warning about a variable that would be left empty. */
export const withoutValue = (name: string) =>
  `{{${name}}} has neither a value nor a default: give it one, {{${name}|…}}`;

/**
 * Counts the installations it is given, and looks at what each would get. `byZone`: they are sent to by
 * their time zones, which are counted then.
 */
export function createCounting({ senders, now }: Ports, campaign: Campaign, byZone = false) {
  const { app, message } = campaign;
  const personalization: Personalization | null = personalizationOf(message);
  const push: Push = pushOf(campaign);
  const varies = personalization?.carried.includes('attributes') ?? false;
  const expiredBefore = forEachProvider((it) => {
    const after = descriptionOf(it).tokenExpiresAfterMs;
    return after === null ? 0 : now() - after;
  });
  const platforms = new Map<string, number>();
  const providers = new Map<string, number>();
  const languages = new Map<string, number>();
  const permissions = new Map<string, number>();
  /** '' for those that tell none */
  const zones = new Map<string, number>();
  const missing = new Map<string, number>();
  const found = new Map<string, Found>();
  /** bytes of the largest payload seen, by provider */
  const largest = new Map<string, number>();
  let counted = 0;

  const increment = (counts: Map<string, number>, name: string) =>
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const note = (problem: string, { id }: Reached) => {
    const it = found.get(problem) ?? { counted: 0, examples: [] };
    found.set(problem, it);
    it.counted += 1;
    if (it.examples.length < EXAMPLES) it.examples.push(id);
  };

  /** Renders the payload. Only where values differ by recipient; other messages are checked once. */
  function checkSize(it: Reached, sender: Sender, own: ReturnType<Personalization['of']>) {
    const recipient = { installationId: it.id, token: it.token, ...own };
    const { bytes, mostBytes } = sender.render(push, recipient, it.platform ?? null);
    largest.set(it.provider, Math.max(largest.get(it.provider) ?? 0, bytes));
    if (bytes > mostBytes) note(`too-large ${it.provider} ${mostBytes}`, it);
  }

  return {
    get counted() {
      return counted;
    },
    platforms,
    providers,
    languages,
    permissions,
    zones,
    /** fields that the pages must carry */
    carried: [
      ...new Set([
        'platform',
        'language',
        'permission',
        'refreshedAt',
        ...(byZone ? (['timeZone'] as const) : []),
        ...(personalization?.carried ?? []),
      ] as const),
    ],
    add(it: Reached) {
      counted += 1;
      increment(platforms, it.platform ?? 'unknown');
      increment(providers, it.provider);
      increment(languages, it.language ?? '');
      increment(permissions, it.permission ?? 'unknown');
      if (byZone) increment(zones, it.timeZone ?? '');
      const sender = senders.get(app, it.provider, it.environment);
      if (!sender) note(`no-credentials ${it.provider} ${it.environment}`, it);
      // 0: the time is not known
      if (it.refreshedAt && it.refreshedAt < expiredBefore[it.provider])
        note(`expired-tokens ${it.provider}`, it);
      const own = personalization?.of(it, missing);
      if (message.localized && own?.language === undefined)
        note(`no-translation ${it.language ?? ''}`, it);
      if (sender && varies && own) checkSize(it, sender, own);
      if (sender && it.platform) note(`not-carried ${it.provider} ${it.platform}`, it);
    },

    *problems(): Generator<CountedProblem> {
      for (const [key, it] of found) yield* problemsOf(key, it, senders, campaign, largest);
      for (const [name, counted] of missing) {
        const message = withoutValue(name);
        yield { severity: 'warning', kind: 'no-value', message, counted, examples: [] };
      }
    },
  };
}

/** The problems under one key: its kind, then what it is about. */
function* problemsOf(
  key: string,
  it: Found,
  senders: Senders,
  campaign: Campaign,
  largest: ReadonlyMap<string, number>,
): Generator<CountedProblem> {
  const [kind, name = '', more = ''] = key.split(' ') as [EstimateProblem['kind'], ...string[]];
  const severity = kind === 'no-credentials' || kind === 'too-large' ? 'error' : 'warning';
  if (kind === 'not-carried')
    for (const message of notCarried(senders, campaign, name as Provider, more as Platform))
      yield { severity, kind, message, ...it };
  else yield { severity, kind, message: textOf(kind, name, more, campaign.app, largest), ...it };
}

function textOf(
  kind: EstimateProblem['kind'],
  name: string,
  more: string,
  app: string,
  largest: ReadonlyMap<string, number>,
): string {
  switch (kind) {
    case 'no-credentials':
      return `"${app}" has no credentials for ${name} (${more})`;
    case 'no-translation':
      return `message.localized has nothing for ${name || 'who has no language'}: they get the default`;
    case 'too-large':
      return `the ${name} payload is up to ${largest.get(name)} bytes, ${more} are allowed: shorten the message, or its values`;
    default: {
      const { title, tokenExpiresAfterMs } = descriptionOf(name as Provider);
      const days = Math.round((tokenExpiresAfterMs ?? 0) / DAY_MS);
      return `${title} tokens not seen for ${days} days: ${title} takes them for expired`;
    }
  }
}

/** The parts of the message that installations of a platform do not get by a provider, as messages. */
export function notCarried(
  senders: Senders,
  campaign: Campaign,
  provider: Provider,
  platform: Platform,
): string[] {
  const lost = senders.get(campaign.app, provider, 'production')?.lost(pushOf(campaign), platform);
  return (lost ?? []).map((it) => {
    const { path, message } = faultIn('message', it);
    return `${path}, ${platform} by ${provider}: ${message}`;
  });
}
