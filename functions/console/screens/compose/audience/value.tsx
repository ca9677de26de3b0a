/** The value of a condition. */

import { useId } from 'preact/hooks';
import { texts } from '../../../texts/texts.ts';
import { languageName } from '../draft/language.ts';
import { listOf } from './compile.ts';
import { fieldKinds } from './fields.ts';
import type { Row } from './group.ts';
import { useSegments } from './segments.ts';

const words = texts.compose.audience;

interface Props {
  row: Row;
  isWrong: boolean;
  set: (part: Partial<Row>) => void;
}

export function Value({ row, isWrong, set }: Props) {
  const { values } = fieldKinds[row.field];
  if (values) return <Choices row={row} values={values} set={set} />;
  return <TextValue row={row} isWrong={isWrong} set={set} />;
}

function Choices({ row, values, set }: Omit<Props, 'isWrong'> & { values: readonly string[] }) {
  const chosen = listOf(row.value);
  return (
    <span class="choices grow">
      {values.map((it) => (
        <label key={it}>
          <input
            type="checkbox"
            checked={chosen.includes(it)}
            onChange={(event) => {
              const isOn = event.currentTarget.checked;
              const next = values.filter((one) => (one === it ? isOn : chosen.includes(one)));
              set({ value: next.join(', ') });
            }}
          />
          <span>{(words.values as Record<string, string>)[it]}</span>
        </label>
      ))}
    </span>
  );
}

function TextValue({ row, isWrong, set }: Props) {
  const id = useId();
  const { field, op, value } = row;
  const segments = useSegments(field === 'segment');
  const offered =
    field === 'segment'
      ? segments.map((it) => [it, ''] as const)
      : field === 'language'
        ? COMMON.map((it) => [it, languageName(it)] as const)
        : [];
  const placeholders: Record<string, string> = words.placeholders;
  return (
    <>
      <input
        class="grow"
        aria-label={words.value}
        aria-invalid={(isWrong && value !== '') || undefined}
        placeholder={placeholders[`${field} ${op}`] ?? placeholders[field]}
        value={value}
        autocomplete="off"
        inputMode={op.endsWith('Days') ? 'numeric' : 'text'}
        list={offered.length > 0 ? id : undefined}
        onInput={(event) => set({ value: event.currentTarget.value })}
      />
      {offered.length > 0 && (
        <datalist id={id}>
          {offered.map(([it, text]) => (
            <option key={it} value={it}>
              {text}
            </option>
          ))}
        </datalist>
      )}
    </>
  );
}

const COMMON = 'en es pt pt-BR fr de it nl pl tr ru ar hi id ja ko zh zh-Hant'.split(' ');
