/** The tabs of languages: what is written and what is shown. */

import { useSignal } from '@preact/signals';
import { useId, useRef } from 'preact/hooks';
import { Button } from '../../../parts/button.tsx';
import { faultsAt } from '../../../parts/field.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { texts } from '../../../texts/texts.ts';
import { noWords, type Words } from '../draft/draft.ts';
import { languageName, tagOf } from '../draft/language.ts';
import { useCompose } from '../parts.tsx';

const words = texts.compose.message;

export const TAB_PANEL = 'language-panel';
export const tabId = (tag: string) => `language-${tag || 'default'}`;

export function LanguageTabs() {
  const { draft, language } = useCompose();
  const list = useRef<HTMLDivElement>(null);
  const tags = ['', ...draft.value.translations.map((it) => it.language)];
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = (tags.indexOf(language.value) + step + tags.length) % tags.length;
    language.value = tags[at]!;
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus();
  };
  return (
    <div class="languages">
      <div role="tablist" aria-label={words.languages} ref={list} onKeyDown={move}>
        {tags.map((tag) => (
          <Tab key={tag} tag={tag} />
        ))}
      </div>
      <AddLanguage />
    </div>
  );
}

function Tab({ tag }: { tag: string }) {
  const { draft, language, faults } = useCompose();
  const own = draft.value.translations.find((it) => it.language === tag);
  const missing = own ? missingIn(own.words, draft.value.words) : 0;
  const wrong = own
    ? faultsAt({ faults: faults.value ?? [] }, `message.localized.${tag}`).length
    : 0;
  const isChosen = language.value === tag;
  const mark = wrong > 0 ? words.tabWrong(wrong) : missing > 0 ? words.tabMissing(missing) : null;
  return (
    <button
      type="button"
      role="tab"
      id={tabId(tag)}
      aria-selected={isChosen}
      aria-controls={TAB_PANEL}
      tabIndex={isChosen ? 0 : -1}
      onClick={() => {
        language.value = tag;
      }}
    >
      {tag === '' ? words.defaultLanguage : languageName(tag)}
      {tag !== '' && <small>{tag}</small>}
      {mark && (
        <span class={wrong > 0 ? 'mark bad' : 'mark'}>
          <span class="unseen">{mark}</span>
        </span>
      )}
    </button>
  );
}

/** The texts that the default has and a translation lacks. */
const missingIn = (own: Words, base: Words) =>
  (['title', 'subtitle', 'body'] as const).filter((it) => base[it] !== '' && own[it] === '').length;

function AddLanguage() {
  const { draft, change, language } = useCompose();
  const isOpen = useSignal(false);
  const typed = useSignal('');
  const fault = useSignal<string | null>(null);
  const id = useId();
  const add = () => {
    const tag = tagOf(typed.value);
    if (tag === null) fault.value = words.noLanguage;
    else if (draft.value.translations.some((it) => it.language === tag))
      fault.value = words.hasLanguage;
    else {
      change((it) => ({ translations: [...it.translations, { language: tag, words: noWords() }] }));
      language.value = tag;
      typed.value = '';
      isOpen.value = false;
    }
  };
  if (!isOpen.value)
    return (
      <Button
        kind="quiet"
        small
        onClick={() => {
          isOpen.value = true;
          fault.value = null;
        }}
      >
        <Icon name="plus" /> {words.addLanguage}
      </Button>
    );
  return (
    <form
      class="add-language"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') isOpen.value = false;
      }}
    >
      <label for={id} class="unseen">
        {words.language}
      </label>
      <input
        id={id}
        list={`${id}-list`}
        value={typed}
        placeholder={words.languagePlaceholder}
        aria-invalid={fault.value !== null || undefined}
        aria-describedby={`${id}-fault`}
        autocomplete="off"
        ref={(it) => it?.focus()}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          fault.value = null;
        }}
      />
      <datalist id={`${id}-list`}>
        {COMMON.map((tag) => (
          <option key={tag} value={tag}>
            {languageName(tag)}
          </option>
        ))}
      </datalist>
      <Button small type="submit">
        {words.add}
      </Button>
      <span class="fault" id={`${id}-fault`} role="status">
        {fault}
      </span>
    </form>
  );
}

/** Offered while one is typed; any other may be typed. */
const COMMON =
  'en es pt-BR fr de it nl pl tr ru uk ar he hi id ja ko th vi zh zh-Hant sv da fi cs el ro hu'.split(
    ' ',
  );
