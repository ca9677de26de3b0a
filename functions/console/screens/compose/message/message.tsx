/** What people see, in each language. */

import { Button } from '../../../parts/button.tsx';
import { texts } from '../../../texts/texts.ts';
import { languageName } from '../draft/language.ts';
import { useCompose } from '../parts.tsx';
import { LanguageTabs, TAB_PANEL, tabId } from './languages.tsx';
import { OptionFields } from './options.tsx';
import { WordFields } from './words.tsx';

const words = texts.compose.message;

export function MessagePart() {
  const { draft, change, language, faults, touched } = useCompose();
  const tag = language.value;
  const remove = () => {
    change((it) => ({ translations: it.translations.filter((one) => one.language !== tag) }));
    language.value = '';
  };
  // of the message as a whole, such as its size; of a new one that it is empty is no news
  const isEmpty = Object.values(draft.value.words).every((it) => it.length === 0);
  const whole = (faults.value ?? []).filter(({ path }) =>
    ['message', `message.localized.${tag}`].includes(path),
  );
  const isNews = !isEmpty || touched.value.size > 0;
  return (
    <section class="card part" aria-labelledby="part-message">
      <h2 id="part-message">{words.heading}</h2>
      <LanguageTabs />
      <div
        role="tabpanel"
        id={TAB_PANEL}
        aria-labelledby={tabId(tag)}
        key={tag}
        data-path={tag ? `message.localized.${tag}` : 'message'}
        tabIndex={-1}
      >
        {isNews && whole.length > 0 && (
          <p class="fault">
            {[...new Set(whole.map((it) => it.message))].map((it) => (
              <span key={it}>{it}</span>
            ))}
          </p>
        )}
        <WordFields />
        {tag && (
          <Button kind="quiet" small onClick={remove}>
            {words.removeLanguage(languageName(tag))}
          </Button>
        )}
      </div>
      <OptionFields />
    </section>
  );
}
