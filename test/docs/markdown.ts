/** The Markdown files of the repository, and the parts of them that can be checked. */

import { globSync, readFileSync } from 'node:fs';

export interface Page {
  /** from the repository's root */
  path: string;
  text: string;
}

export const readPage = (path: string): Page => ({ path, text: readFileSync(path, 'utf8') });

export const pages = (): Page[] =>
  globSync('{*,{.github,docs,infra,test,examples}/**/*}.md').sort().map(readPage);

/** The text of each fenced block of that language, in order. */
export const blocksOf = ({ text }: Page, language: string): string[] =>
  Array.from(text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm))
    .filter(([, , name]) => name === language)
    .map(([, indent = '', , block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));

const withoutBlocks = ({ text }: Page) => text.replace(/^ *```[\s\S]*?^ *```$/gm, '');

/** What stands between single backquotes, outside of blocks. */
export const spansOf = (page: Page): string[] =>
  Array.from(withoutBlocks(page).matchAll(/`([^`\n]+)`/g), ([, span = '']) => span);

/** The targets of links and images, outside of blocks and code. */
export const linksOf = (page: Page): string[] =>
  Array.from(
    withoutBlocks(page)
      .replace(/`[^`\n]*`/g, 'code')
      .matchAll(/\]\(([^)\s]+)\)/g),
    ([, target = '']) => target,
  );

/** The anchors of its headings, as GitHub makes them: lower case, hyphens for blanks, no marks. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of withoutBlocks(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = title.replace(/\]\([^)]*\)/g, '').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let one = anchor;
    for (let n = 1; anchors.has(one); n++) one = `${anchor}-${n}`;
    anchors.add(one);
  }
  return anchors;
}
