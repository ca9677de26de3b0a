/** The client as a package: made from today's API, compiled and run where nothing else is installed. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readDocument } from '../../clients/build/document.ts';
import { generate } from '../../clients/build/generate.ts';
import { typeOf } from '../../clients/build/schema-type.ts';
import { API_VERSION } from '../../clients/typescript/src/index.ts';
import { startConsole } from '../console/console.ts';
import { blocksOf, readPage } from '../docs/markdown.ts';
import { makeProject } from './project.ts';

const page = readPage('docs/clients/typescript.md');

test('the types are those of the API of today (npm run build:clients)', async () => {
  const document = await readDocument();
  for (const [name, text] of Object.entries(generate(document)))
    assert.equal(readFileSync(`clients/typescript/src/${name}`, 'utf8'), text, name);
  assert.equal(API_VERSION, document.info.version);
});

test('a schema in words that are not known is an error, not a wrong type', () => {
  assert.throws(
    () => typeOf({ type: 'string', contentEncoding: 'x' } as object),
    /contentEncoding/,
  );
  assert.equal(typeOf({ type: ['integer', 'null'] }), 'number | null');
  assert.equal(typeOf({ type: 'array', items: { enum: ['a', "b's"] } }), "Array<'a' | 'b\\'s'>");
  assert.equal(typeOf({ type: 'object', additionalProperties: false }), 'Record<string, never>');
});

test('the client compiles under strict in a project of its own, and finds mistakes', async (t) => {
  const project = await makeProject(t);
  project.write('good.ts', GOOD);
  project.write('page.ts', PAGE);
  for (const kind of ['node', 'bundler'] as const)
    assert.equal(await project.compile(['good.ts', 'page.ts'], kind), '', kind);
  const mistakes = [
    'volley.getCampaign({ id: 7 })',
    "volley.sendCampaign({ body: { name: 'A', message: { title: 'T' } } })",
    "volley.putInstallation({ id: 'd', body: { platform: 'windows', token: 't' } })",
    "volley.getCampaign({ id: 'c' }).then((it) => it.nosuch)",
    'volley.listCampaigns({ limmit: 1 })',
    'volley.nosuch()',
  ];
  project.write(
    'bad.ts',
    `import { createVolley } from 'volley-client';\nconst volley = createVolley({ url: 'https://a' });\n${mistakes.map((it) => `void ${it};\n`).join('')}`,
  );
  const said = await project.compile(['bad.ts']);
  mistakes.forEach((it, i) => {
    assert.match(said, new RegExp(`^bad\\.ts\\(${i + 3},`, 'm'), it);
  });
});

const GOOD = `
import { API_VERSION, createVolley, each, follow, lines, VolleyError, type Campaign } from 'volley-client';
const volley = createVolley({ url: 'https://volley.example', key: 'volley_x' });
export async function report(): Promise<number> {
  const sent: Campaign = await volley.sendCampaign({
    body: { name: 'A', audience: { language: ['de', 'en'] }, message: { title: 'T', badge: '+1' } },
    idempotencyKey: 'order-7',
  });
  for await (const it of follow(volley, sent.id)) if (it.event === 'campaign') console.log(it.data);
  for await (const it of each((page) => volley.listFailures({ ...page, id: sent.id }))) console.log(it.reason);
  const csv = await volley.open('listFailures', { id: sent.id }, { accept: 'application/x-ndjson' });
  for await (const it of lines(csv)) console.log(it);
  const { version } = await volley.getRoot();
  if (version !== API_VERSION) throw new Error(version);
  return (await volley.getCampaign({ id: sent.id })).counts.accepted;
}
export const isMissing = (error: unknown) => error instanceof VolleyError && error.kind === 'not-found';
`;

const PAGE = `
import { createVolley, type Device, type State } from 'volley-web';
const device: Device = { userId: 'user-7', tags: ['vip'], attributes: { plan: 'pro' } };
const volley = createVolley({ url: 'https://a', key: 'k', getToken: async ({ scope }) => scope });
export const state: Promise<State> = volley.subscribe(device).then(() => volley.start());
export const ended: Promise<void> = volley.unsubscribe();
`;

test('the page leads from an empty folder to a campaign and its report', async (t) => {
  const { server } = await startConsole(t);
  const project = await makeProject(t);
  const text = blocksOf(page, 'ts')
    .join('\n')
    .replaceAll('http://127.0.0.1:8080', server.url)
    .replaceAll('volley_…', server.apiKey);
  project.write('first.ts', text);
  assert.equal(await project.compile(['first.ts']), '');
  const said = await project.run('first.js');
  const shown = blocksOf(page, 'text')[0];
  assert.equal(said, shown);
});
