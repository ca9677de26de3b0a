import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isLanguage,
  languageKey,
  languagePicker,
  languagesRead,
} from '../../../functions/model/canonical/language.ts';
import { languageOf } from '../../../functions/model/canonical/language-tag.ts';

const canonical = (text: string) => languageOf(text) ?? assert.fail(text);

test('a device gets the text that is nearest of those it reads, by CLDR', () => {
  const rows: [device: string, texts: string, gets: string | undefined][] = [
    ['pt', 'pt', 'pt'],
    ['pt-BR', 'pt pt-PT', 'pt'],
    ['pt-BR', 'pt-PT', undefined],
    ['pt-PT', 'pt pt-PT', 'pt-PT'],
    ['pt-AO', 'pt pt-PT', 'pt-PT'],
    ['pt-AO', 'pt', 'pt'],
    ['ptx', 'pt', undefined],
    ['pt-x-formal', 'pt', 'pt'],
    ['pt-x-formal', 'pt pt-x-formal', 'pt-x-formal'],
    // scripts
    ['zh-Hant-TW', 'zh zh-TW', 'zh-TW'],
    ['zh_TW_#Hant', 'zh zh-TW', 'zh-TW'],
    ['zh-TW', 'zh-Hant-TW', 'zh-Hant-TW'],
    ['zh-TW', 'zh', undefined],
    ['zh-Hant', 'zh zh-Hans', undefined],
    ['zh-TW', 'zh zh-Hant', 'zh-Hant'],
    ['zh-HK', 'zh zh-Hant', 'zh-Hant'],
    ['zh-HK', 'zh zh-TW', 'zh-TW'],
    ['zh-MO', 'zh zh-Hant zh-HK', 'zh-HK'],
    ['zh-CN', 'zh zh-Hant', 'zh'],
    ['zh-CN', 'zh-Hans zh-Hant', 'zh-Hans'],
    ['zh-SG', 'zh-Hant zh-CN', 'zh-CN'],
    ['zh-Hans-HK', 'zh-HK zh', 'zh'],
    ['sr-Latn', 'sr', undefined],
    ['sr-Latn-RS', 'sr sr-Latn', 'sr-Latn'],
    ['sr-ME', 'sr sr-Latn', 'sr-Latn'],
    ['sr', 'sr-Cyrl', 'sr-Cyrl'],
    ['sh', 'sr sr-Latn', 'sr-Latn'],
    ['uz-AF', 'uz', undefined],
    ['uz-AF', 'uz uz-Arab', 'uz-Arab'],
    ['pa-PK', 'pa', undefined],
    ['az-Latn-AZ', 'az', 'az'],
    // parents
    ['es-MX', 'es es-419', 'es-419'],
    ['es-MX', 'es', 'es'],
    ['es-AR', 'es-MX', undefined],
    ['es-ES', 'es-419', undefined],
    ['es-US', 'es-419 es', 'es-419'],
    ['en-AU', 'en en-001', 'en-001'],
    ['en-AU', 'en en-GB', 'en'],
    ['en-DE', 'en en-150 en-001', 'en-150'],
    ['en-US', 'en en-001', 'en'],
    ['hi-Latn', 'hi', undefined],
    // other names of one language
    ['nb', 'no', 'no'],
    ['no', 'nb', 'nb'],
    ['nb-NO', 'no en', 'no'],
    ['nb-NO', 'no nb', 'nb'],
    ['no-NO', 'nb-NO', 'nb-NO'],
    ['nn', 'no', 'no'],
    ['nn', 'nn no', 'nn'],
    ['iw-IL', 'he', 'he'],
    ['in', 'id', 'id'],
    ['tl', 'fil', 'fil'],
    ['da', 'no', undefined],
    // what goes without saying
    ['de', 'de-DE de-AT', 'de-DE'],
    ['de-AT', 'de-DE', 'de-DE'],
    ['de-AT', 'de-CH', undefined],
    ['en-GB', 'en-US', 'en-US'],
    ['und', 'en', undefined],
    ['und', 'en-US', undefined],
    ['de-DE-u-co-phonebk', 'de en', 'de'],
    ['ca-ES-valencia', 'ca', 'ca'],
  ];
  for (const [device, texts, gets] of rows) {
    const pick = languagePicker(texts.split(' ').map(canonical));
    assert.equal(pick(canonical(device)), gets, `${device} of ${texts}`);
  }
  assert.equal(languagePicker(['en'])(undefined), undefined);
});

test('an audience by language holds the devices that read it', () => {
  const rows: [audience: string, holds: string, not: string][] = [
    ['pt', 'pt pt-BR pt-PT pt-AO', 'ptx es'],
    ['pt-BR', 'pt-BR pt_BR', 'pt pt-PT'],
    ['pt-PT', 'pt-PT pt-AO', 'pt pt-BR'],
    ['zh', 'zh zh-CN zh-SG zh-Hans zh-Hans-HK', 'zh-TW zh-HK zh-Hant zh-Hant-CN'],
    ['zh-Hans', 'zh zh-CN zh-Hans-CN', 'zh-TW'],
    ['zh-Hant', 'zh-Hant zh-TW zh-HK zh-MO zh_TW_#Hant', 'zh zh-CN'],
    ['zh-TW', 'zh-TW zh-Hant-TW', 'zh-Hant zh-HK zh-Hans-TW'],
    ['zh-Hant-TW', 'zh-TW zh-Hant-TW', 'zh-Hant zh-CN'],
    ['zh-HK', 'zh-HK zh-MO', 'zh-TW'],
    ['es-419', 'es-419 es-MX es-AR es-US', 'es es-ES'],
    ['es', 'es es-ES es-MX es-419', 'pt'],
    ['en', 'en en-US en-GB en-AU en-001', 'de und'],
    ['en-001', 'en-GB en-AU en-DE', 'en en-US'],
    ['no', 'no nb nn nb-NO nn-NO', 'da sv'],
    ['nb', 'no nb nb-NO no-NO', 'da'],
    ['no-NO', 'nb-NO no-NO', 'no nb'],
    ['sr', 'sr sr-Cyrl sr-RS', 'sr-Latn sr-ME sh'],
    ['sr-Latn', 'sr-Latn sr-Latn-RS sr-ME sh', 'sr sr-RS'],
    ['he', 'he iw iw_IL', 'ar'],
  ];
  for (const [audience, holds, not] of rows) {
    const held = (device: string) => isLanguage(canonical(audience), canonical(device));
    for (const it of holds.split(' ')) assert.ok(held(it), `${it} is in ${audience}`);
    for (const it of not.split(' ')) assert.ok(!held(it), `${it} is not in ${audience}`);
  }
  assert.ok(!isLanguage('en', undefined));
});

test('two tags of one language have one key', () => {
  for (const [one, other] of [
    ['zh-TW', 'zh-Hant-TW'],
    ['zh', 'zh-Hans'],
    ['zh-CN', 'zh-Hans-CN'],
    ['sr', 'sr-Cyrl'],
    ['de-DE', 'de-Latn-DE'],
  ] as const)
    assert.equal(languageKey(one), languageKey(other));
  assert.notEqual(languageKey('zh'), languageKey('zh-CN'));
});

test('the list of languages that a device reads is short, and an unknown language reads itself', () => {
  for (const it of ['zz-Zzzz-ZZ', 'aaa-Latn-001-aaaaa-b-bb-x-1-2', 'de-a-bb-c-dd-x-e-f-g-h']) {
    const read = languagesRead(canonical(it));
    assert.ok(read.length > 1 && read.length < 20 && new Set(read).size === read.length, it);
  }
  for (const it of ['', 'constructor', 'a'.repeat(500)]) assert.deepEqual(languagesRead(it), [it]);
});
