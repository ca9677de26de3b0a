import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const entry = (name: string) => new URL(`../../functions/entry/${name}.ts`, import.meta.url);

const providers = new URL('../../functions/model/provider/list.ts', import.meta.url);

/** What a file imports at run time, at its start or later; types are erased. */
const statement = /(?:^(?:import|export) (?!type\b)(?:[^'";]*? from )?|\bimport\()'([^']+)'/gm;

async function packagesOf(start: URL): Promise<string[]> {
  const packages = new Set<string>();
  const files = new Set([start.href]);
  // a call of an inbound webhook becomes a campaign by the API's schemas, imported at the first call
  for (const file of files)
    for (const [all, name = ''] of (await readFile(new URL(file), 'utf8')).matchAll(statement))
      if (all.startsWith('import(') && name.endsWith('/schemas/campaign.ts')) continue;
      else if (name === '#providers') files.add(providers.href);
      else if (name.startsWith('.')) files.add(new URL(name, file).href);
      else packages.add(name);
  return [...packages];
}

for (const name of ['plan', 'send', 'deliver', 'tick'])
  test(`a cold start of ${name} waits for no schemas`, async () => {
    const packages = await packagesOf(entry(name));
    assert.ok(
      packages.some((it) => it.startsWith('@google-cloud/') || it === 'google-auth-library'),
      packages.join(),
    );
    assert.deepEqual(
      packages.filter((it) => /zod|hono/.test(it)),
      [],
    );
  });

test('the schemas are in what answers the API', async () => {
  assert.ok((await packagesOf(entry('api'))).includes('hono'));
});
