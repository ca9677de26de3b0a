/** The filters of the list. They are in the address, so that a list can be kept and passed on. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { AppView } from '../../../http/apps.ts';
import { useResource } from '../../api/resource.ts';
import { Field } from '../../parts/field.tsx';
import { ifMay, MAY_LOOK } from '../../session/session.ts';
import { texts } from '../../texts/texts.ts';
import { type Filters, groups } from './list.ts';

/** ms after the last key until a search begins. */
const TYPED_MS = 250;

export function FilterFields({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange: (change: Filters) => void;
}) {
  const { states } = texts.campaigns;
  return (
    <search class="filters">
      <Search value={filters.q ?? ''} onChange={(q) => onChange({ q })} />
      <Field label={texts.campaigns.state} hideLabel>
        {(ids) => (
          <select
            {...ids}
            value={filters.state ?? ''}
            onChange={({ currentTarget }) => onChange({ state: currentTarget.value })}
          >
            <option value="">{texts.campaigns.anyState}</option>
            <option value="open">{texts.campaigns.open}</option>
            <option value="closed">{texts.campaigns.closed}</option>
            {Object.values(groups)
              .flat()
              .map((it) => (
                <option key={it} value={it}>
                  {states[it]}
                </option>
              ))}
          </select>
        )}
      </Field>
      <Field label={texts.campaigns.kind} hideLabel>
        {(ids) => (
          <select
            {...ids}
            value={filters.kind ?? ''}
            onChange={({ currentTarget }) => onChange({ kind: currentTarget.value })}
          >
            {Object.entries(texts.campaigns.kinds).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      <AppChoice value={filters.app ?? ''} onChange={(app) => onChange({ app })} />
    </search>
  );
}

function Search({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // the address changed without typing: back, or the filters were cleared
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <Field label={texts.campaigns.search} hideLabel>
      {(ids) => (
        <input
          {...ids}
          type="search"
          maxLength={100}
          placeholder={texts.campaigns.search}
          value={typed}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => onChange(currentTarget.value.trim()), TYPED_MS);
          }}
        />
      )}
    </Field>
  );
}

/** Only where there is something to choose. */
function AppChoice({ value, onChange }: { value: string; onChange: (app: string) => void }) {
  const apps = useResource<{ items: Pick<AppView, 'app'>[] }>(
    ifMay('/v1/apps?limit=100', ...MAY_LOOK),
  );
  const items = apps.value.value?.items ?? [];
  if (items.length < 2) return null;
  return (
    <Field label={texts.campaigns.app} hideLabel>
      {(ids) => (
        <select
          {...ids}
          value={value}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        >
          <option value="">{texts.campaigns.anyApp}</option>
          {items.map(({ app }) => (
            <option key={app} value={app}>
              {app}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
