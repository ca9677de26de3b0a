/** Fields of the form: each with its path in the request, at which the API says what is wrong. */

import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { Field, faultsAt } from '../../parts/field.tsx';
import type { Compose } from './state.ts';

const Context = createContext<Compose | null>(null);
export const ComposeProvider = Context.Provider;

/** Throws outside of the screen. */
export function useCompose(): Compose {
  const compose = useContext(Context);
  if (!compose) throw new Error('there is no draft here');
  return compose;
}

/**
 * The API's sentences about a path. A field that is empty and was never left says nothing: all of a new
 * form would be red.
 */
function useFaults(path: string, isEmpty: boolean): string[] {
  const { faults, touched } = useCompose();
  if (isEmpty && !touched.value.has(path)) return [];
  const found = faultsAt({ faults: faults.value ?? [] }, path);
  return [...new Set(found)];
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

interface Props {
  path: string;
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string | undefined;
  placeholder?: string | undefined;
  hideLabel?: boolean;
  /** lines of a larger field */
  rows?: number;
  type?: 'text' | 'url' | 'datetime-local';
  inputMode?: 'text' | 'numeric' | 'decimal';
  /** the id of a datalist */
  list?: string;
  /** of the text: 'auto' for what people read */
  dir?: 'auto' | 'ltr';
  isCode?: boolean;
  /** stands at the end of the line of the label */
  aside?: ComponentChildren;
}

export function TextField({
  path,
  label,
  value,
  onValue,
  hint,
  hideLabel = false,
  ...more
}: Props) {
  const { touched } = useCompose();
  const faults = useFaults(path, value === '');
  const {
    rows,
    type = 'text',
    dir = 'ltr',
    isCode = false,
    placeholder,
    inputMode,
    list,
    aside,
  } = more;
  const shared = {
    value,
    dir,
    placeholder,
    'data-path': path,
    spellcheck: !isCode && dir === 'auto',
    class: isCode ? 'code' : undefined,
    onInput: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      onValue(event.currentTarget.value),
    onBlur: () => {
      touched.value = new Set(touched.value).add(path);
    },
  };
  return (
    <div class="text-field">
      <Field label={label} hint={hint} faults={faults} hideLabel={hideLabel}>
        {(ids) =>
          rows ? (
            <textarea {...ids} {...shared} rows={rows} />
          ) : (
            <input
              {...ids}
              {...shared}
              type={type}
              inputMode={inputMode}
              list={list}
              autocomplete="off"
            />
          )
        }
      </Field>
      {aside && <div class="aside">{aside}</div>}
    </div>
  );
}

interface Choice<T extends string> {
  path: string;
  label: string;
  value: T;
  options: Record<T, string>;
  onValue: (value: T) => void;
  hint?: string | undefined;
  hideLabel?: boolean;
}

export function SelectField<T extends string>({
  path,
  label,
  value,
  options,
  onValue,
  ...more
}: Choice<T>) {
  const faults = useFaults(path, false);
  return (
    <Field label={label} faults={faults} {...more}>
      {(ids) => (
        <select
          {...ids}
          value={value}
          data-path={path}
          onChange={(event) => onValue(event.currentTarget.value as T)}
        >
          {Object.entries<string>(options).map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
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
