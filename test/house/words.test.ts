/**
 * Words that readers stumble over, in code, comments and tests: people whose first language is not
 * English read them. The pages have their own test (`test/docs/links.test.ts`).
 */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const avoided = /\b(?:[Ww]hom|[Ww]hoever|[Nn]obody|[Ss]omebody)\b/;

/** A public name of the API, and an id that no test registers. */
const quotedName = /(['"`/])nobody\1|\/nobody[/?]|-of-nobody'/g;

const files = globSync([
  '{functions,infra,test,examples,clients}/**/*.{ts,tsx,css,js,tf,sh,json,hcl}',
  '.github/**/*.yml',
]).filter(
  (it) =>
    !/node_modules|^clients\/\w+\/dist/.test(it) &&
    !it.endsWith('house/words.test.ts') &&
    it !== 'test/docs/links.test.ts',
);

test('no file has words that readers stumble over', () => {
  const found = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        avoided.test(line.replaceAll(quotedName, '')) ? [`${file}:${i + 1}: ${line.trim()}`] : [],
      ),
  );
  assert.deepEqual(found, []);
});
