/** The names of the console's styles: each belongs to one file, and only that screen's parts use it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';

const ROOT = new URL('../../functions/console/', import.meta.url);

/** Which screens a file of styles is for, as folders of `screens/`; the others are for all. */
const own: Record<string, string[]> = {
  campaigns: ['campaigns'],
  campaign: ['campaign'],
  devices: ['devices'],
  schedules: ['schedules'],
  compose: ['compose'],
  audience: ['compose'],
  preview: ['compose'],
};

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

/** The classes that selectors of a file name. */
const classesIn = (css: string) =>
  new Set(
    [...css.replaceAll(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{}]*)\{/g)].flatMap(([, selector]) =>
      [...selector!.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name!),
    ),
  );

const styles = readdirSync(new URL('style/', ROOT))
  .filter((it) => it.endsWith('.css') && it !== 'style.css')
  .map((it) => ({ file: basename(it, '.css'), classes: classesIn(read(`style/${it}`)) }));

const sources = readdirSync(new URL('.', ROOT), { recursive: true })
  .map(String)
  .filter((it) => it.endsWith('.tsx'));

/** Words in the values of `class`, also those that are chosen or put together there. */
const classesUsed = (source: string) =>
  new Set(
    [...source.matchAll(/\bclass=(?:"([^"]*)"|\{((?:[^{}]|\{[^{}]*\})*)\})/g)].flatMap(
      ([, text = '', code = '']) =>
        [text, ...[...code.matchAll(/['"`]([^'"`]*)['"`]/g)].map(([, it]) => it!)]
          .join(' ')
          .split(/[^\w-]+/)
          .filter(Boolean),
    ),
  );

test('a class that one screen has styles for is used by no other', () => {
  const wrong: string[] = [];
  for (const { file, classes } of styles) {
    const screens = own[file];
    if (!screens) continue;
    // what is shared may be refined inside of a screen: `.campaign .card`
    const shared = new Set(styles.filter((it) => !own[it.file]).flatMap((it) => [...it.classes]));
    for (const path of sources) {
      const [, folder] = /^screens\/([^/]+)\//.exec(path) ?? [];
      if (folder !== undefined && screens.includes(folder)) continue;
      for (const it of classesUsed(read(path)))
        if (classes.has(it) && !shared.has(it)) wrong.push(`${path} uses .${it} of ${file}.css`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('two files of styles for different screens share no class of their own', () => {
  const wrong: string[] = [];
  const shared = new Set(styles.filter((it) => !own[it.file]).flatMap((it) => [...it.classes]));
  for (const a of styles)
    for (const b of styles) {
      if (a.file >= b.file || !own[a.file] || !own[b.file]) continue;
      if (own[a.file]!.some((it) => own[b.file]!.includes(it))) continue;
      for (const it of a.classes)
        if (b.classes.has(it) && !shared.has(it))
          wrong.push(`.${it}: ${a.file}.css, ${b.file}.css`);
    }
  assert.deepEqual(wrong, []);
});

test('every class that has styles is used', () => {
  const used = sources.map(read).join('\n');
  const unused = styles.flatMap(({ file, classes }) =>
    [...classes]
      .filter((it) => !new RegExp(`\\b${it}\\b`).test(used))
      .map((it) => `${file}: .${it}`),
  );
  assert.deepEqual(unused, []);
});

test('every screen with styles of its own has a file for them, which is bundled', () => {
  const bundled = [...read('style/style.css').matchAll(/"\.\/(.+)\.css"/g)].map(([, it]) => it);
  assert.deepEqual(bundled.toSorted(), styles.map(({ file }) => file).toSorted());
  const folders = readdirSync(new URL('screens/', ROOT));
  for (const it of Object.values(own).flat()) assert.ok(folders.includes(it), it);
});
