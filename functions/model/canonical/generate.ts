/**
 * Writes tables.ts from CLDR, which keeps IANA's names of time zones too. After an update of
 * `cldr-core` and `cldr-bcp47` (the same version):
 *
 *     npx node functions/model/canonical/generate.ts && npx biome check --write functions
 *
 * Then the data of both engines is brought into canonical form again: SQLite's at its next start,
 * Google's by `volley installations normalize`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const read = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(import.meta.resolve(name)), 'utf8'));

interface Zone {
  /** names of one zone, separated by spaces, CLDR's own first */
  _alias?: string;
  /** IANA's current name, where CLDR's is older */
  _iana?: string;
}

/**
 * Each zone in a line: its current name, then others.
 * https://www.unicode.org/reports/tr35/#Time_Zone_Identifiers
 */
function zones(): string[] {
  const { tz } = read('cldr-bcp47/bcp47/timezone.json').keyword.u;
  const lines = Object.entries(tz as Record<string, Zone>).flatMap(([key, it]) => {
    // unk stands for no zone; deprecated zones have no names
    if (key.startsWith('_') || key === 'unk' || it._alias === undefined) return [];
    const names = it._alias.split(' ');
    const current = it._iana ?? names[0]!;
    return [[current, ...names.filter((name) => name !== current)].join(' ')];
  });
  return lines.sort();
}

/** Withdrawn codes that have one successor: UK is GB. */
function countries(): [string, string][] {
  const { territoryAlias } = read('cldr-core/supplemental/aliases.json').supplemental.metadata
    .alias;
  return Object.entries(territoryAlias as Record<string, { _replacement: string }>)
    .map(([code, it]): [string, string] => [code, it._replacement])
    .filter((it) => it.every((code) => /^[A-Z]{2}$/.test(code)));
}

/** Parents of languages, without `und`: nothing is inherited from it. */
function languageParents(key: (tag: string) => string): [string, string][] {
  const { parentLocale } = read('cldr-core/supplemental/parentLocales.json').supplemental
    .parentLocales;
  return Object.entries(parentLocale as Record<string, string>)
    .filter(([, parent]) => parent !== 'und')
    .map(([tag, parent]): [string, string] => [key(tag), key(parent)]);
}

/** Pairs of names of one language, such as nb and no: CLDR gives them the least distance. */
function sameLanguages(): [string, string][] {
  const { languageMatch } = read('cldr-core/supplemental/languageMatching.json').supplemental
    .languageMatching['written-new'];
  type Match = {
    _desired: string;
    _supported: string;
    _distance: number | string;
    _oneway?: unknown;
  };
  return (languageMatch as Match[])
    .filter((it) => Number(it._distance) === 1 && it._oneway === undefined)
    .map((it) => [it._desired, it._supported]);
}

/** The text of tables.ts; `key` is `languageKey`. */
export function tablesOf(key: (tag: string) => string): string {
  const { version } = read('cldr-core/package.json');
  const list = (name: string, pairs: [string, string][]) =>
    `export const ${name}: readonly (readonly [string, string])[] = ${JSON.stringify(pairs)};`;
  return [
    `/** CLDR ${version}, as generate.ts has written it. © Unicode, Inc.; https://www.unicode.org/license.txt */`,
    list('countries', countries()),
    list('sameLanguages', sameLanguages()),
    list('languageParents', languageParents(key)),
    `export const zones = \`\n${zones().join('\n')}\n\`;`,
  ].join('\n\n');
}

if (import.meta.main) {
  const path = fileURLToPath(new URL('tables.ts', import.meta.url));
  // language.ts reads tables.ts, which must exist before it is imported
  writeFileSync(
    path,
    tablesOf((tag) => tag),
  );
  const { languageKey } = await import('./language.ts');
  writeFileSync(path, tablesOf(languageKey));
}
