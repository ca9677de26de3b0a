/** The texts of a message in one language. */

import { Button } from '../../../parts/button.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { TextField } from '../../../parts/typed.tsx';
import { texts } from '../../../texts/texts.ts';
import type { Words } from '../draft/draft.ts';
import { useCompose } from '../parts.tsx';
import { Folded } from './folded.tsx';

const words = texts.compose.message;

/** The words of the language that is shown, and how they change. */
function useWords() {
  const { draft, change, language } = useCompose();
  const tag = language.value;
  const { words: base, translations } = draft.value;
  const own = translations.find((it) => it.language === tag);
  return {
    tag,
    base,
    isTranslation: own !== undefined,
    words: own?.words ?? base,
    path: own ? `message.localized.${tag}` : 'message',
    set(part: Partial<Words>) {
      change((it) =>
        own
          ? {
              translations: it.translations.map((one) =>
                one.language === tag ? { ...one, words: { ...one.words, ...part } } : one,
              ),
            }
          : { words: { ...it.words, ...part } },
      );
    },
  };
}

type TextName = Exclude<keyof Words, 'data'>;

/** Fields that a translation usually has of its own: without it, that is said where it is missing. */
const translated: readonly TextName[] = ['title', 'subtitle', 'body'];

function WordField({
  name,
  rows,
  label,
  hint,
}: {
  name: TextName;
  rows?: number;
  label: string;
  hint?: string;
}) {
  const { words: own, base, isTranslation, path, set } = useWords();
  const isMissing = isTranslation && own[name] === '' && base[name] !== '';
  const isText = translated.includes(name);
  return (
    <TextField
      path={`${path}.${name}`}
      label={label}
      value={own[name]}
      onValue={(value) => set({ [name]: value })}
      hint={isMissing && !isText ? words.sameAsDefault : hint}
      placeholder={isMissing ? shortened(base[name]) : undefined}
      dir={isText ? 'auto' : 'ltr'}
      {...(rows && { rows })}
      aside={isMissing && isText ? <span class="missing">{words.missing}</span> : undefined}
    />
  );
}

/** A placeholder is one line, whatever it is made from. */
const shortened = (text: string) => Array.from(text).slice(0, 200).join('').toWellFormed();

export const WordFields = () => (
  <div class="fields">
    <WordField name="title" label={words.title} />
    <WordField name="body" label={words.body} rows={3} />
    <div class="two">
      <WordField name="link" label={words.link} hint={words.linkHint} />
      <WordField name="imageUrl" label={words.image} hint={words.imageHint} />
    </div>
    <MoreWords />
  </div>
);

function MoreWords() {
  const { words: own, path } = useWords();
  const { subtitle, webLink, sound, data } = own;
  const used = [subtitle, webLink, sound].filter((it) => it !== '').length + data.length;
  return (
    <Folded
      label={words.more}
      used={used}
      paths={['subtitle', 'webLink', 'sound', 'data'].map((it) => `${path}.${it}`)}
    >
      <div class="two">
        <WordField name="subtitle" label={words.subtitle} hint={words.subtitleHint} />
        <WordField name="sound" label={words.sound} hint={words.soundHint} />
      </div>
      <WordField name="webLink" label={words.webLink} hint={words.webLinkHint} />
      <DataFields />
    </Folded>
  );
}

function DataFields() {
  const { words: own, path, set } = useWords();
  const change = (i: number, part: Partial<Words['data'][number]>) =>
    set({ data: own.data.map((it, at) => (at === i ? { ...it, ...part } : it)) });
  return (
    <fieldset class="data">
      <legend>{words.data}</legend>
      {own.data.map(({ name, value }, i) => (
        <div class="entry" key={i}>
          <TextField
            path={`${path}.data.${name}`}
            label={words.dataName(i + 1)}
            hideLabel
            placeholder={words.dataNamePlaceholder}
            value={name}
            onValue={(it) => change(i, { name: it })}
          />
          <TextField
            path={`${path}.data.${name}.value`}
            label={words.dataValue(i + 1)}
            hideLabel
            placeholder={words.dataValuePlaceholder}
            value={value}
            onValue={(it) => change(i, { value: it })}
          />
          <Button
            kind="quiet"
            small
            onClick={() => set({ data: own.data.filter((_, at) => at !== i) })}
          >
            {words.remove}
          </Button>
        </div>
      ))}
      <Button small onClick={() => set({ data: [...own.data, { name: '', value: '' }] })}>
        <Icon name="plus" /> {words.addData}
      </Button>
    </fieldset>
  );
}
