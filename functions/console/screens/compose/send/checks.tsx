/** All that keeps the campaign from being sent; each leads to its field. */

import { texts } from '../../../texts/texts.ts';
import { languageName } from '../draft/language.ts';
import type { Fault } from '../draft/request.ts';
import { useCompose } from '../parts.tsx';
import type { Compose } from '../state.ts';

const words = texts.compose.checks;

export function Checks() {
  const compose = useCompose();
  const faults = compose.faults.value;
  if (faults === null) return null;
  return (
    <section class="checks" aria-labelledby="part-checks">
      <h2 id="part-checks">{faults.length === 0 ? words.ready : words.heading(faults.length)}</h2>
      {faults.length === 0 ? (
        <p class="muted">{words.readyMore}</p>
      ) : (
        <ul>
          {faults.map((it) => (
            <li key={it.path + it.message}>
              <button type="button" class="link" onClick={() => focusOn(compose, it.path)}>
                {labelOf(it.path)}
              </button>{' '}
              <span>{it.message}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** `Title (German)` for `message.localized.de.title`; the path itself if no field has it. */
function labelOf(path: string): string {
  const [, language] = /^message\.localized\.([^.]+)/.exec(path) ?? [];
  const names = path.split(/[.[]/);
  const fields: Record<string, string> = words.fields;
  const name = names.findLast((it) => Object.hasOwn(fields, it));
  const label = name === undefined ? path : fields[name]!;
  return language === undefined ? label : words.inLanguage(label, languageName(language));
}

/** Reason of a disabled button: the first faults in the API's words. */
export function reasonOf(faults: Fault[]): string {
  const [first] = faults;
  if (first === undefined) return '';
  const sentence = `${labelOf(first.path)} ${first.message}`;
  return faults.length === 1 ? sentence : words.andMore(sentence, faults.length - 1);
}

/** Shows the field of a path, or the nearest around it, and gives it the focus. */
function focusOn({ language, touched }: Compose, path: string) {
  const [, tag = ''] = /^message\.localized\.([^.]+)/.exec(path) ?? [];
  if (path.startsWith('message')) language.value = tag;
  touched.value = new Set(touched.value).add(path);
  requestAnimationFrame(() => {
    for (let at = path; at !== ''; at = at.replace(/(?:^|\.|\[)[^.[]*$/, '')) {
      const field = document.querySelector<HTMLElement>(`[data-path="${CSS.escape(at)}"]`);
      if (!field) continue;
      for (let it = field.parentElement; it; it = it.parentElement)
        if (it instanceof HTMLDetailsElement) it.open = true;
      field.focus();
      return;
    }
  });
}
