/** How many it is, while it is written: a number, the platforms and the languages. */

import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { EstimateView } from '../../../../http/campaigns/estimate.ts';
import { api, type Problem } from '../../../api/client.ts';
import { pauseFor } from '../../../api/resource.ts';
import { count } from '../../../format.ts';
import { announce } from '../../../parts/live-region.tsx';
import { texts } from '../../../texts/texts.ts';
import { languageName } from '../draft/language.ts';
import type { Written } from '../draft/request.ts';
import { useCompose } from '../parts.tsx';

const words = texts.compose.audience;

/** ms of silence, after the API has checked it, until it is counted: an estimate reads installations. */
const QUIET_MS = 250;
/** ms until it is counted again if there was no answer. */
const AGAIN_MS = 2_000;
const ESTIMATE = '/v1/audiences:estimate?quick';
/** Languages that are shown; the others are a number. */
const SHOWN = 5;

const countedOf = ({ campaign: { app, audience } }: Written) => JSON.stringify({ app, audience });

/** What is to be counted; null: it has faults; undefined: it is not checked yet, so it may have some. */
function useAsked(): string | null | undefined {
  const { written, checked, faults } = useCompose();
  const asked = countedOf(written.value);
  if (checked.value === null || countedOf(checked.value) !== asked) return undefined;
  const isWrong = faults.value?.some(({ path }) => /^(?:app|audience)\b/.test(path));
  return isWrong ? null : asked;
}

/** The newest count; null before the first, and while the audience has faults. */
function useCount() {
  const asked = useAsked();
  const state = useMemo(
    () => ({
      found: signal<EstimateView | null>(null),
      problem: signal<Problem | null>(null),
      isCounting: signal(false),
    }),
    [],
  );
  useEffect(() => {
    state.problem.value = null;
    state.isCounting.value = asked !== null;
    if (asked === null) state.found.value = null;
    if (asked === null || asked === undefined) return;
    const end = new AbortController();
    void countNow(asked, state, end.signal);
    return () => end.abort();
  }, [asked]);
  return state;
}

async function countNow(asked: string, state: ReturnType<typeof useCount>, end: AbortSignal) {
  await pauseFor(QUIET_MS, end);
  while (!end.aborted) {
    const answer = await api.post<EstimateView>(ESTIMATE, JSON.parse(asked), { signal: end });
    if (end.aborted) return;
    state.problem.value = answer.ok ? null : answer.problem;
    state.isCounting.value = false;
    if (answer.ok) {
      state.found.value = answer.value;
      announce(words.counted(count(answer.value.installations)));
    }
    if (answer.ok || (answer.problem.status >= 400 && answer.problem.status < 429)) return;
    await pauseFor(answer.retryMs ?? AGAIN_MS, end);
  }
}

export function Count() {
  const { found, problem, isCounting } = useCount();
  const translations = useCompose().draft.value.translations.map((it) => it.language);
  const it = found.value;
  if (problem.value) return <p class="hint">{problem.value.detail}</p>;
  if (it === null)
    return <p class="hint">{isCounting.value ? words.counting : words.notCounted}</p>;
  const { installations, exact, interval, visible, languages, platforms } = it;
  const fault = it.problems.find(({ kind }) => kind === 'fault');
  return (
    <div class={isCounting.value ? 'count stale' : 'count'}>
      <p class="total">
        {!exact && <small>{words.about}</small>} <strong>{count(installations)}</strong>{' '}
        <small>{words.devices(installations)}</small>
      </p>
      {!exact && <p class="hint">{words.between(count(interval.low), count(interval.high))}</p>}
      {fault && <p class="hint">{fault.message}</p>}
      {installations === 0 && !fault && (
        <p class="hint">
          {words.none} <a href="/console/">{words.toImport}</a>
        </p>
      )}
      {visible < installations && (
        <p class="hint">{words.unseen(count(installations - visible))}</p>
      )}
      {installations > 0 && (
        <div class="two">
          <Bars
            label={words.platforms}
            parts={platforms}
            all={installations}
            name={(of) => (words.values as Record<string, string>)[of] ?? of}
          />
          <Bars
            label={words.languages}
            parts={languages}
            all={installations}
            name={(of) => (of === '' ? words.noLanguage : languageName(of))}
            isMissing={(of) => translations.length > 0 && !isTranslated(of, translations)}
          />
        </div>
      )}
    </div>
  );
}

/** About as the API picks one, which knows all languages: this only marks, it decides nothing. */
const isTranslated = (of: string, translations: string[]) =>
  translations.some((it) => of === it || of.startsWith(`${it}-`));

interface BarsProps {
  label: string;
  parts: Record<string, number>;
  all: number;
  name: (of: string) => string;
  isMissing?: (of: string) => boolean;
}

function Bars({ label, parts, all, name, isMissing }: BarsProps) {
  const sorted = Object.entries(parts).sort((a, b) => b[1] - a[1]);
  const more = sorted.slice(SHOWN).reduce((sum, [, many]) => sum + many, 0);
  return (
    <div class="bars">
      <h3>{label}</h3>
      <ul>
        {sorted.slice(0, SHOWN).map(([of, many]) => (
          <li key={of}>
            <span>
              <bdi>{name(of)}</bdi>
              {isMissing?.(of) && <small class="missing"> {words.untranslated}</small>}
            </span>
            <span class="number">{count(many)}</span>
            <span class="share" aria-hidden="true">
              <span style={{ width: `${(many / all) * 100}%` }} />
            </span>
          </li>
        ))}
        {more > 0 && (
          <li>
            <span>{words.others(sorted.length - SHOWN)}</span>
            <span class="number">{count(more)}</span>
          </li>
        )}
      </ul>
    </div>
  );
}
