/** What the parts of the form share: the draft, and what the API says at each path of its request. */

import { type ComponentChildren, createContext } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { faultsAt } from '../../parts/field.tsx';
import { type Form, FormProvider } from '../../parts/typed.tsx';
import type { Compose } from './state.ts';

const Context = createContext<Compose | null>(null);

export const ComposeProvider = ({
  value,
  children,
}: {
  value: Compose;
  children: ComponentChildren;
}) => (
  <Context.Provider value={value}>
    <FormProvider value={useMemo(() => formOf(value), [value])}>{children}</FormProvider>
  </Context.Provider>
);

/** A field that is empty and was never left says nothing: all of a new form would be red. */
const formOf = ({ faults, touched }: Compose): Form => ({
  faultsAt(path, isEmpty) {
    if (isEmpty && !touched.value.has(path)) return [];
    return [...new Set(faultsAt({ faults: faults.value ?? [] }, path))];
  },
  onLeave(path) {
    touched.value = new Set(touched.value).add(path);
  },
});

/** Throws outside of the screen. */
export function useCompose(): Compose {
  const compose = useContext(Context);
  if (!compose) throw new Error('there is no draft here');
  return compose;
}

/** The API's sentences about a row of the audience, by its id; `isWhole`: about nothing inside. */
export function useFaultsAt(id: string, isWhole = false): string[] {
  const { faults, written } = useCompose();
  const path = written.value.paths.get(id);
  if (path === undefined) return [];
  const found = (faults.value ?? []).filter(
    (it) =>
      it.path === path ||
      (!isWhole && (it.path.startsWith(`${path}.`) || it.path.startsWith(`${path}[`))),
  );
  return [...new Set(found.map(({ message }) => message))];
}

/** Radio buttons that look like one control. */
export function Segments<T extends string>({
  label,
  value,
  options,
  onValue,
  name,
}: {
  label: string;
  value: T;
  options: Record<T, string>;
  onValue: (value: T) => void;
  name: string;
}) {
  return (
    <fieldset class="segments">
      <legend class="unseen">{label}</legend>
      {Object.entries<string>(options).map(([key, text]) => (
        <label key={key}>
          <input
            type="radio"
            name={name}
            value={key}
            checked={key === value}
            onChange={() => onValue(key as T)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

export const Check = ({
  label,
  hint,
  checked,
  onChecked,
}: {
  label: string;
  hint?: string;
  checked: boolean;
  onChecked: (checked: boolean) => void;
}) => (
  <label class="check">
    <input
      type="checkbox"
      checked={checked}
      onChange={(event) => onChecked(event.currentTarget.checked)}
    />
    <span>
      {label}
      {hint && <small class="muted">{hint}</small>}
    </span>
  </label>
);
