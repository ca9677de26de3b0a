/** How the message would look, in the language that is written: read from what providers would be sent. */

import { useSignal } from '@preact/signals';
import { count } from '../../../format.ts';
import { ProblemNote } from '../../../parts/problem.tsx';
import { texts } from '../../../texts/texts.ts';
import { languageName } from '../draft/language.ts';
import { Segments, useCompose } from '../parts.tsx';
import { AndroidPhone } from './android.tsx';
import { Iphone } from './iphone.tsx';
import { type Picture, type Platform, platforms, sketchOf } from './pictures.ts';
import { Samples } from './samples.tsx';
import { WebToast } from './web.tsx';

const words = texts.compose.preview;

const frames = { ios: Iphone, android: AndroidPhone, web: WebToast };

type Scheme = 'light' | 'dark';
const preferred = (): Scheme =>
  matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';

export function Preview() {
  const { draft, language, pictures, isStale, problem } = useCompose();
  const scheme = useSignal<Scheme>(preferred());
  const app = draft.value.app === 'default' ? words.app : draft.value.app;
  const all = pictures.value;
  const tags = ['', ...draft.value.translations.map((it) => it.language)];
  return (
    <section class="preview" aria-labelledby="part-preview">
      <header>
        <h2 id="part-preview">{words.heading}</h2>
        {tags.length > 1 && (
          <select
            aria-label={words.language}
            value={language.value}
            onChange={(event) => {
              language.value = event.currentTarget.value;
            }}
          >
            {tags.map((it) => (
              <option key={it} value={it}>
                {it === '' ? texts.compose.message.defaultLanguage : languageName(it)}
              </option>
            ))}
          </select>
        )}
        <Segments
          label={words.scheme}
          name="scheme"
          value={scheme.value}
          options={words.schemes}
          onValue={(it) => {
            scheme.value = it;
          }}
        />
      </header>
      {problem.value && <ProblemNote problem={problem.value} />}
      {/* it lies above what it is about, which does not move for it */}
      {!problem.value && isStale.value && (
        <p class="stale">
          <span>{words.stale}</span>
        </p>
      )}
      <Samples />
      {platforms.map((it) => (
        <PlatformPreview
          key={it}
          platform={it}
          picture={all === null ? sketchOf(it, draft.value) : all[it]}
          isKnown={all !== null}
          scheme={scheme.value}
          app={app}
        />
      ))}
    </section>
  );
}

interface Props {
  platform: Platform;
  picture: Picture | null;
  /** false: the picture is a sketch, for its place alone */
  isKnown: boolean;
  scheme: Scheme;
  app: string;
}

function PlatformPreview({ platform, picture, isKnown, scheme, app }: Props) {
  const Frame = frames[platform];
  const isSilent = picture !== null && picture.title === '' && picture.body === '';
  const isEmpty = isSilent && picture.faults.some(({ path }) => path === 'message');
  return (
    <figure class={`${platform} ${scheme}${isEmpty ? ' example' : ''}${isKnown ? '' : ' awaited'}`}>
      <figcaption>
        <h3>{words.platforms[platform]}</h3>
        {picture && !isEmpty && <Bytes picture={picture} />}
      </figcaption>
      <Frame picture={isEmpty ? { ...picture, ...words.example } : picture} app={app} />
      {picture === null && <p class="hint">{words.noCredentials}</p>}
      {isSilent && !isEmpty && <p class="hint">{words.silent}</p>}
      {picture && !isEmpty && <Details picture={picture} />}
    </figure>
  );
}

function Bytes({ picture: { bytes, mostBytes } }: { picture: Picture }) {
  const share = Math.min(1, bytes / mostBytes);
  const level = bytes > mostBytes ? 'bad' : share > 0.9 ? 'warn' : '';
  return (
    <p class={`bytes ${level}`}>
      <span>{words.bytes(count(bytes), count(mostBytes))}</span>
      <span class="meter" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
    </p>
  );
}

function Details({ picture }: { picture: Picture }) {
  const { warnings, faults, payload } = picture;
  const facts = [
    picture.link && words.facts.link(picture.link),
    picture.sound && words.facts.sound(picture.sound),
    picture.badge && words.facts.badge(picture.badge),
    picture.actions && words.facts.actions(picture.actions),
    picture.channel && words.facts.channel(picture.channel),
    picture.interruption === 'passive' && words.facts.passive,
  ].filter((it) => it !== '' && it !== false);
  return (
    <>
      {facts.length > 0 && (
        <ul class="facts">
          {facts.map((it) => (
            <li key={it}>
              <bdi>{it}</bdi>
            </li>
          ))}
        </ul>
      )}
      {faults.length > 0 && (
        <p class="fault">
          {faults.map(({ path, message }) => (
            <span key={path + message}>{message}</span>
          ))}
        </p>
      )}
      <details class="folded small">
        <summary>
          {words.payload}
          {warnings.length > 0 && <span class="tag">{words.leftOut(warnings.length)}</span>}
        </summary>
        {warnings.length > 0 && (
          <ul class="warnings">
            {warnings.map(({ path, message }) => (
              <li key={path + message}>
                <code>{path.replace('message.', '')}</code> {message}
              </li>
            ))}
          </ul>
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
        <pre tabIndex={0}>{payload}</pre>
      </details>
    </>
  );
}
