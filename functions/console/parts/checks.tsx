import { useId } from 'preact/hooks';

interface Props<T extends string> {
  label: string;
  /** value, label, and what it means */
  options: [T, string, string][];
  chosen: T[];
  faults?: string[];
  onChange: (chosen: T[]) => void;
}

/** Checkboxes of which several may be chosen. */
export function Checks<T extends string>(props: Props<T>) {
  const { label, options, chosen, faults = [], onChange } = props;
  const id = useId();
  const toggle = (it: T) =>
    onChange(chosen.includes(it) ? chosen.filter((other) => other !== it) : [...chosen, it]);
  return (
    <fieldset class="ticks" aria-describedby={faults.length > 0 ? id : undefined}>
      <legend>{label}</legend>
      {options.map(([value, name, meaning]) => (
        <label key={value}>
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          <span>
            {name} <small class="muted">{meaning}</small>
          </span>
        </label>
      ))}
      {faults.length > 0 && (
        <p class="fault" id={id}>
          {faults.map((it) => (
            <span key={it}>{it}</span>
          ))}
        </p>
      )}
    </fieldset>
  );
}
