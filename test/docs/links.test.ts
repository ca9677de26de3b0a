import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { anchorsOf, linksOf, pages, readPage, spansOf } from './markdown.ts';

const isElsewhere = (target: string) => /^[a-z]+:/.test(target);

/** Why it leads nowhere; null if it leads somewhere. */
function fault(from: string, target: string): string | null {
  const [file = '', anchor] = decodeURIComponent(target).split('#');
  const path = file === '' ? from : normalize(join(dirname(from), file));
  if (path.startsWith('..') || !existsSync(path)) return 'there is no such file';
  if (anchor === undefined) return null;
  if (!path.endsWith('.md')) return 'only pages have anchors';
  return anchorsOf(readPage(path)).has(anchor) ? null : `${path} has no such heading`;
}

test('every link of a page leads to a file that is there, and to a heading of it', () => {
  const all = pages();
  const found = all.flatMap((page) =>
    linksOf(page)
      .filter((target) => !isElsewhere(target))
      .map((target) => ({ page: page.path, target, fault: fault(page.path, target) })),
  );
  assert.ok(all.length > 5 && found.length > 40, `${all.length} pages, ${found.length} links`);
  assert.deepEqual(
    found.filter((it) => it.fault !== null),
    [],
  );
});

test('every file that a sentence names is there', () => {
  const files = pages().flatMap(({ path, ...page }) =>
    spansOf({ path, ...page })
      .filter((it) => /^\.?\/?(functions|test|infra|examples|docs|clients)\/[\w./-]+$/.test(it))
      .map((file) => ({ page: path, file })),
  );
  assert.ok(files.length > 30, `${files.length} files`);
  assert.deepEqual(
    files.filter(({ file }) => !existsSync(file)),
    [],
  );
});

test('anchors are made as GitHub makes them', () => {
  const text =
    '# `a` & [B c](x.md)\n## Limits, and what\n## Limits, and what\n```sh\n# none\n```\n';
  assert.deepEqual(
    [...anchorsOf({ path: 'x.md', text })],
    ['a--b-c', 'limits-and-what', 'limits-and-what-1'],
  );
});

test('a page with a table of contents lists all of its chapters', () => {
  for (const path of ['README.md', 'docs/api.md', 'docs/operations.md']) {
    const page = readPage(path);
    const chapters = page.text.replace(/^ *```[\s\S]*?^ *```$/gm, '').match(/^## .+$/gm)!;
    const listed = new Set(linksOf(page).filter((it) => it.startsWith('#')));
    const anchors = anchorsOf({ path, text: chapters.join('\n') });
    assert.deepEqual(
      [...anchors].filter((it) => !listed.has(`#${it}`)),
      [],
      path,
    );
  }
});

test('pages do without the words that readers stumble over', () => {
  const found = pages().flatMap(({ path, text }) =>
    Array.from(
      text.replace(/"[^"\n]*"/g, '').matchAll(/\b(whom|whoever|nobody|somebody|at once)\b/gi),
      ([word]) => `${path}: ${word}`,
    ),
  );
  assert.deepEqual(found, []);
});

test('the README can be read in one go', () => {
  const lines = readPage('README.md').text.split('\n').length;
  assert.ok(lines <= 160, `${lines} lines`);
});
