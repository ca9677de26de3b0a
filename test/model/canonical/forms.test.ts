import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { countryOf } from '../../../functions/model/canonical/country.ts';
import { entriesOf } from '../../../functions/model/canonical/entries.ts';
import { tablesOf } from '../../../functions/model/canonical/generate.ts';
import { languageKey } from '../../../functions/model/canonical/language.ts';
import { languageOf } from '../../../functions/model/canonical/language-tag.ts';
import { zones } from '../../../functions/model/canonical/tables.ts';
import { timeZoneOf } from '../../../functions/model/canonical/timezone.ts';
import { namedToken, tokenOf } from '../../../functions/model/canonical/token.ts';

const table = (of: (text: string) => string | null, rows: [string, string | null][]) => {
  for (const [text, expected] of rows) assert.equal(of(text), expected, text);
};

test("a time zone is IANA's current name, whatever older name or case it comes in", () => {
  table(timeZoneOf, [
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['Asia/Calcutta', 'Asia/Kolkata'],
    ['asia/kolkata', 'Asia/Kolkata'],
    ['ASIA/CALCUTTA', 'Asia/Kolkata'],
    ['Asia/Saigon', 'Asia/Ho_Chi_Minh'],
    ['Asia/Katmandu', 'Asia/Kathmandu'],
    ['Asia/Rangoon', 'Asia/Yangon'],
    ['Europe/Kiev', 'Europe/Kyiv'],
    ['America/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['America/Godthab', 'America/Nuuk'],
    ['Pacific/Enderbury', 'Pacific/Kanton'],
    ['US/Pacific', 'America/Los_Angeles'],
    ['EST5EDT', 'America/New_York'],
    ['GB', 'Europe/London'],
    // a link in IANA's file, but the zone of a country of its own
    ['Europe/Oslo', 'Europe/Oslo'],
    ['Africa/Accra', 'Africa/Accra'],
    ['UTC', 'Etc/UTC'],
    ['Zulu', 'Etc/UTC'],
    ['Etc/GMT+2', 'Etc/GMT+2'],
  ]);
});

test('an offset, an abbreviation and what is unknown are no time zones', () => {
  const none = ['+02:00', '-0300', 'GMT+02:00', 'CEST', 'Mars/Base', '', ' UTC', 'constructor'];
  table(timeZoneOf, [
    ...[...none, 'Etc/Unknown', 'Factory'].map((it): [string, null] => [it, null]),
  ]);
});

test('Node knows every zone there is a name of, so a schedule can be in it', () => {
  for (const [name] of entriesOf(zones))
    assert.ok(new Intl.DateTimeFormat('en', { timeZone: name! }), name);
});

test('a country is two capitals, and has its current code', () => {
  table(countryOf, [
    ...(
      [
        ['CH', 'CH'],
        ['ch', 'CH'],
        ['UK', 'GB'],
        ['uk', 'GB'],
        ['BU', 'MM'],
      ] as const
    ).map(([text, code]): [string, string] => [text, code]),
    // it has three successors
    ['AN', 'AN'],
    ...['CHE', '756', 'C', '', 'Ü1', 'С H'].map((it): [string, null] => [it, null]),
  ]);
});

test('an APNs token is in lower case, one of FCM as it is', () => {
  const token = 'A1b2'.repeat(16);
  assert.equal(tokenOf('apns', token), 'a1b2'.repeat(16));
  assert.equal(tokenOf('fcm', token), token);
  assert.equal(namedToken(token), 'a1b2'.repeat(16));
  for (const it of ['dGhpcw:APA91bF', 'A1B2', `${token}:`]) assert.equal(namedToken(it), it);
});

test('a language is read in the spellings of BCP 47, Java, Android, iOS and POSIX', () => {
  table(languageOf, [
    ...(
      [
        ['de', 'de'],
        ['DE', 'de'],
        ['pt-br', 'pt-BR'],
        ['ZH-hant-tw', 'zh-Hant-TW'],
      ] as const
    ).map(([text, tag]): [string, string] => [text, tag]),
    ['en_US', 'en-US'],
    ['pt_BR', 'pt-BR'],
    ['es_419', 'es-419'],
    // Android, Java
    ['zh_TW_#Hant', 'zh-Hant-TW'],
    ['zh_CN_#Hans', 'zh-Hans-CN'],
    ['zh__#Hant', 'zh-Hant'],
    ['sr__#Latn', 'sr-Latn'],
    ['th_TH_TH_#u-nu-thai', 'th-TH'],
    ['ja_JP_JP_#u-ca-japanese', 'ja-JP'],
    ['no_NO_NY', 'nn-NO'],
    ['iw', 'he'],
    ['iw_IL', 'he-IL'],
    ['in_ID', 'id-ID'],
    ['ji', 'yi'],
    // CLDR's other old codes
    ['tl', 'fil'],
    ['mo', 'ro'],
    ['sh', 'sr-Latn'],
    ['cmn-Hant-TW', 'zh-Hant-TW'],
    ['eng', 'en'],
    ['en-UK', 'en-GB'],
    ['no', 'no'],
    ['nb', 'nb'],
    // POSIX, ICU
    ['de_DE.UTF-8', 'de-DE'],
    ['de_DE@euro', 'de-DE'],
    ['de_DE.ISO-8859-15@euro', 'de-DE'],
    ['sr_RS@latin', 'sr-Latn-RS'],
    ['uz_UZ.UTF-8@cyrillic', 'uz-Cyrl-UZ'],
    ['ca_ES@valencia', 'ca-ES-valencia'],
    ['en_US@calendar=gregorian;rg=dezzzz', 'en-US'],
  ]);
});

test('a text that is no language tag is refused', () => {
  const none = ['', 'C', 'POSIX', 'C.UTF-8', 'english', 'd', 'de-', '_GB', 'de DE', 'x-y', '12'];
  table(languageOf, [
    ...[...none, 'constructor', '@euro', 'a'.repeat(101)].map((it): [string, null] => [it, null]),
  ]);
});

test('the tables are those of the CLDR that is installed, as the script writes them', () => {
  const path = '../../../functions/model/canonical/tables.ts';
  const committed = readFileSync(new URL(path, import.meta.url), 'utf8');
  assert.equal(committed, tablesOf(languageKey));
});
