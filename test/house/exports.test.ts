/** Nothing in `functions/` and `clients/` is left over: every file and every export is used by another file. */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';

const files = globSync('{functions,test,infra,examples,clients}/**/*.{ts,tsx}').filter(
  (it) => !/node_modules|^clients\/\w+\/dist/.test(it),
);
const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));

/** By file: the names that others import from it; `*` is all of them. */
const used = new Map<string, Set<string>>();

const manifest = readFileSync('package.json', 'utf8');
const { imports }: { imports: Record<string, { default: string }> } = JSON.parse(manifest);

/** `specifier`: a relative path, or one of package.json's `imports`. */
function use(from: string, specifier: string, names: string[]) {
  const own = imports[specifier];
  const file = own ? posix.join(own.default) : posix.join(posix.dirname(from), specifier);
  const known = used.get(file) ?? new Set();
  used.set(file, known);
  for (const name of names) known.add(name);
}

const statement =
  /^(?:import|export)\b(?: type)? (?:\{([^}]*)\}|\*(?: as \w+)?) from '([.#][^']+)'|\bimport\('(\.[^']+)'\)/gm;

for (const [file, text] of texts) {
  for (const [, list, from, whole] of text.matchAll(statement))
    if (list === undefined) use(file, (from ?? whole)!, ['*']);
    else
      use(
        file,
        from!,
        list.split(',').map((it) =>
          it
            .trim()
            .replace(/^type /, '')
            .replace(/ as .*/, ''),
        ),
      );
  // a file that is run is named in a text: new URL('./child.ts', import.meta.url)
  for (const [, path] of text.matchAll(/'(\.{1,2}\/[\w./-]+\.tsx?)'/g)) use(file, path!, []);
  for (const [, path] of text.matchAll(/'(functions\/[\w./-]+\.tsx?)'/g)) use('', path!, []);
}

const isProduct = (file: string) => /^(?:functions|clients)\//.test(file);

/** What a client gives to those who use it. */
const isPublic = (file: string) => /^clients\/\w+\/src\/(?:index|worker)\.ts$/.test(file);

// scripts and programs that package.json names are run from outside
test('every file is imported, or run', () => {
  const lost = files.filter(
    (it) => isProduct(it) && !isPublic(it) && !used.has(it) && !manifest.includes(it),
  );
  assert.deepEqual(lost, []);
});

const declared =
  /^export (?:async )?(?:const|let|function\*?|class|interface|type) (\w+)|^export (?:type )?\{([^}]*)\} from/gm;

/** The names that a file exports, with those that it passes on from another. */
const exportsOf = (text: string) =>
  Array.from(text.matchAll(declared), ([, name, passedOn]) =>
    name !== undefined ? [name] : passedOn!.split(',').map((it) => it.replace(/^.* as |type /, '')),
  )
    .flat()
    .map((it) => it.trim())
    .filter(Boolean);

test('every exported value and type is imported by another file', () => {
  const unused = files
    .filter((file) => isProduct(file) && !isPublic(file) && !used.get(file)?.has('*'))
    .flatMap((file) =>
      exportsOf(texts.get(file)!)
        .filter((name) => !used.get(file)?.has(name))
        .map((name) => `${file} ${name}`),
    );
  assert.deepEqual(unused, []);
});
