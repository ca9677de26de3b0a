import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validate } from '../../../functions/lib/faults.ts';
import type { Recipient } from '../../../functions/model/chunk.ts';
import { languageFor, messageIn } from '../../../functions/model/message/personalization.ts';
import { fill, templateOf, templateOfJson } from '../../../functions/model/message/template.ts';
import { type Message, messageSchema } from '../../../functions/model/schemas/message.ts';
import { report, reportText } from '../../../functions/pipeline/report.ts';
import { createWorld } from '../../pipeline/world.ts';

const message = (rest: object): Message => messageSchema.parse(rest);
const faults = (it: unknown) => {
  const found = validate(messageSchema, it);
  return 'faults' in found ? found.faults : [];
};

test('a language falls back to the others that it reads, then to the default', () => {
  const it = message({
    title: 'Hi',
    localized: { pt: { title: 'Olá' }, 'zh-hant': { title: '你好' } },
  });
  assert.deepEqual(Object.keys(it.localized!), ['pt', 'zh-Hant'], 'spelt as it should be');
  for (const [asked, given] of [
    ['pt', 'pt'],
    ['pt-BR', 'pt'],
    ['zh-Hant-TW', 'zh-Hant'],
    ['zh-TW', 'zh-Hant'],
    ['zh', undefined],
    ['pt-x-formal', 'pt'],
    ['ptx', undefined],
    ['constructor', undefined],
    [undefined, undefined],
  ])
    assert.equal(languageFor(it, asked), given, asked);
  assert.equal(languageFor(message({ title: 'Hi' }), 'pt'), undefined);
});

test('two spellings of one language are a fault, and so is a text that is no language', () => {
  const found = faults({
    title: 'Hi',
    localized: { 'zh-TW': {}, 'zh_TW_#Hant': {}, he: {}, iw: {}, nb: {}, no: {}, english: {} },
  });
  assert.deepEqual(
    found.map(({ path, message }) => `${path} ${message}`),
    [
      'localized.zh_TW_#Hant is the same language as zh-TW',
      'localized.iw is the same language as he',
      'localized.english is no language tag such as de or pt-BR',
    ],
  );
});

test('a language replaces what it names and keeps the rest', () => {
  const it = message({
    title: 'Hi',
    body: 'There',
    badge: 3,
    data: { a: '1', b: '2' },
    localized: { de: { title: 'Hallo', data: { b: '3' } } },
  });
  const { localized: _, ...usual } = it;
  assert.deepEqual(messageIn(it), usual);
  const german = { ...usual, title: 'Hallo', data: { a: '1', b: '3' } };
  assert.deepEqual(messageIn(it, 'de'), german);
});

test('places of a text are filled, with a default or nothing where there is no value', () => {
  const filled = (text: string, values: Record<string, string>) => {
    const template = templateOf(text);
    return template ? fill(template, (name) => values[name]) : text;
  };
  assert.equal(filled('Hi {{name}}, {{ city | here }}!{{x|}}', {}), 'Hi , here!');
  assert.equal(filled('{{name}}{{name}}', { name: 'Zoë \u{1F514}' }), 'Zoë \u{1F514}Zoë \u{1F514}');
  assert.equal(filled('{{a}}', { a: '{{b}}', b: 'never' }), '{{b}}', 'a value is no template');
  for (const text of ['{name}', '{{', 'a }} b {{ c', '{{first name}}', '{{}}'])
    assert.equal(templateOf(text), null);
});

test('a text has the same places by itself and within JSON', () => {
  const bits = ['{{', '}}', '{', '}', '|', ' ', 'a', 'b.c', '"', '\\', '\n', 'ü', '\u{1F514}'];
  let seed = 1;
  // MINSTD: the same texts each time
  const random = () => (seed = (seed * 48271) % 0x7fffffff);
  let found = 0;
  for (let n = 0; n < 20_000; n++) {
    const pieces = Array.from({ length: 12 }, () => bits[random() % bits.length]!);
    const text = n % 2 ? pieces.join('') : `{{${pieces.join('').replace(/[{}]/g, '')}}}`;
    const inJson = templateOfJson(`{"x":{"k":${JSON.stringify(text)}}}`);
    const unescaped = (it: string | null) => (it === null ? null : JSON.parse(`"${it}"`));
    const places = inJson?.places.map(({ name, fallback }) => ({
      name,
      fallback: unescaped(fallback),
    }));
    assert.deepEqual(places, templateOf(text)?.places, JSON.stringify(text));
    found += places?.length ?? 0;
  }
  assert.ok(found > 500, `${found}`);
});

test('a text that looks like a variable and is none is a fault at its path', () => {
  const found = faults({
    title: 'Hi {{first name}}',
    body: '{{name}} {{#badge}}',
    data: { '{{k}}': '{{a|b|c}}' },
    collapseId: '{{name}}',
    imageUrl: 'https://a.example/{{name}}',
    fcm: { data: { x: '{{ü}}' } },
    localized: { pt: { title: 'Olá {{}}' } },
  });
  assert.deepEqual(found.map((it) => it.path).sort(), [
    ...['body', 'collapseId', 'data.{{k}}', 'fcm', 'imageUrl', 'localized.pt.title', 'title'],
  ]);
  assert.match(
    found.find((it) => it.path === 'title')!.message,
    /write {{name}} or {{name\|default}}/,
  );
  const many = Array.from({ length: 21 }, (_, n) => `{{v${n}}}`).join('');
  assert.match(faults({ title: many })[0]!.message, /20 variables at most/);
  assert.deepEqual(
    faults({ title: 'x', badge: '+0' }).map((it) => it.path),
    ['badge'],
  );
  assert.deepEqual(
    faults({ title: 'x', localized: { 'no language': {} } }).map((it) => it.path),
    ['localized.no language'],
  );
});

const titles = { title: 'Hi {{name}}', localized: { pt: { title: 'Olá {{name|você}}' } } };

test('each recipient gets the text of their language, and recipients without a value are counted', async (t) => {
  const world = createWorld(t);
  const people = await world.people(1200, (n) => ({
    language: ['pt-BR', 'de', 'pt-PT'][n % 3]!,
    attributes: {
      ...(n % 4 && { name: n % 5 ? `Zoë ${n}\n"\t\u{1F514}` : '' }),
      secret: 'not sent',
    },
  }));
  const id = await world.campaign({ message: message({ ...titles, badge: 2 }) });
  await world.run();
  const { counts } = await world.closed(id);
  const lacking = people.filter((it) => it.language === 'de' && !it.attributes.name).length;
  assert.ok(lacking > 100);
  assert.deepEqual(counts.missing, { name: lacking });
  assert.equal(world.script.sent.length, people.length);
  const sent = new Map(world.script.sent.map((it) => [it.installationId, it as Recipient]));
  for (const { id, language, attributes } of people) {
    const it = sent.get(id)!;
    assert.equal(it.language, language === 'de' ? undefined : 'pt');
    assert.deepEqual(it.values, attributes.name ? { name: attributes.name } : undefined);
  }
  const text = reportText((await report(world.ports, id))!);
  assert.match(text, new RegExp(`^No value for +name ${lacking}$`, 'm'));
});

test('a planner that died and one that goes on count recipients without a value once', async (t) => {
  const world = createWorld(t);
  await world.people(6000);
  const freezePage = world.store.freezePage;
  let pages = 0;
  world.ports.store = {
    ...world.store,
    async freezePage(page) {
      const frozen = await freezePage(page);
      if (++pages === 2) throw new Error('died after it was written');
      return frozen;
    },
  };
  const id = await world.campaign({ message: message({ title: 'Hi {{name}}' }) });
  await world.run();
  const { counts } = await world.closed(id);
  assert.deepEqual(counts.missing, { name: 6000 });
});

test('a message without variables and languages carries of installations only what is counted', async (t) => {
  const world = createWorld(t);
  await world.people(10, () => ({ language: 'pt', attributes: { name: 'Zoë' } }));
  const carried: unknown[] = [];
  const { streamAudience } = world.store;
  world.ports.store = {
    ...world.store,
    streamAudience: (read) => {
      carried.push(read.carried);
      return streamAudience(read);
    },
  };
  const id = await world.campaign();
  await world.run();
  assert.deepEqual((await world.closed(id)).counts.missing, undefined);
  assert.deepEqual(carried, [['permission']]);
  for (const { language, values, badge } of world.script.sent as Recipient[])
    assert.deepEqual([language, values, badge], [undefined, undefined, undefined]);
});
