/** Fields of a form: each with its path in the request, at which the API says what is wrong. */

import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { Field } from './field.tsx';

export interface Form {
  /** the sentences about the value at a path, and inside of it */
  faultsAt(path: string, isEmpty: boolean): string[];
  /** the field of that path was left */
  onLeave?(path: string): void;
}

const Context = createContext<Form>({ faultsAt: () => [] });
export const FormProvider = Context.Provider;

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
  const form = useContext(Context);
  const faults = form.faultsAt(path, value === '');
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
    onBlur: () => form.onLeave?.(path),
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
  const faults = useContext(Context).faultsAt(path, false);
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
